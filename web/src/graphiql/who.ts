import { pageHeaders } from '../session/session';
import type { Person } from '../shell/header';

// whoIsAsking returns who is signed in, or null: the page may be open to everybody.
export async function whoIsAsking(): Promise<Person | null> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { ...pageHeaders, 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ query: '{ viewer { name roles } }' }),
  });
  if (!response.ok) return null;
  const { data } = (await response.json()) as { data?: { viewer?: { name: string; roles: string[] } } };
  if (!data?.viewer) return null;
  return { name: data.viewer.name, isSystemAdministrator: data.viewer.roles.includes('SystemAdministrator') };
}
