// Signing in and out by the gateway's sessions, whose cookies scripts cannot read.

export type SignInResult = { kind: 'in' } | { kind: 'wrong' } | { kind: 'wait'; seconds: number } | { kind: 'fault'; message: string };

// Requests of pages say that they are, so that a refusal opens no dialog of the browser.
export const pageHeaders = { 'X-Requested-With': 'fetch' };

export async function signIn(userName: string, password: string, rememberMe: boolean): Promise<SignInResult> {
  let response: Response;
  try {
    response = await fetch('/auth/credentials', {
      method: 'POST',
      headers: { ...pageHeaders, 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ userName, password, rememberMe }),
    });
  } catch {
    return { kind: 'fault', message: 'The gateway cannot be reached. Check the connection and try again.' };
  }
  if (response.ok) return { kind: 'in' };
  if (response.status === 401) return { kind: 'wrong' };
  if (response.status === 429) return { kind: 'wait', seconds: Number(response.headers.get('Retry-After')) || 60 };
  const id = response.headers.get('X-Request-Id');
  const reason = response.status === 503 ? 'The database is away just now. Try again in some seconds.' : 'Signing in failed.';
  return { kind: 'fault', message: id ? `${reason} (request ${id})` : reason };
}

export async function signOut(): Promise<void> {
  await fetch('/auth/logout', { method: 'POST', headers: { ...pageHeaders, Accept: 'application/json' } });
  location.assign('/sign-in');
}

// Leads to the sign-in page and back to what is shown now. Once: several requests may find at the
// same time that the session is over.
let leaving = false;
export function toSignIn(): void {
  if (leaving || location.pathname === '/sign-in') return;
  leaving = true;
  location.assign(`/sign-in?redirect=${encodeURIComponent(location.pathname + location.search)}`);
}
