import { pageHeaders, toSignIn } from '../session/session';

// Status is what /status.json says: how a gateway is, as status/status.go has it.
export interface Status {
  reads: 'rollups' | 'sessions' | 'former rollups';
  phase: string;
  former?: string;
  reason?: string;
  distrusted: boolean;
  stuck?: string;
  calendars: { timeZone: string; phase: string }[];
  filledTo?: string;
  sessionsKeptFrom?: string;
  undatedSessions: number;
  pendingChanges: number;
  lagSeconds: number;
  database: string;
  version: string;
  streams: number;
  started: string;
  asOf: string;
}

export type StatusResult = { kind: 'read'; status: Status } | { kind: 'forbidden' } | { kind: 'fault'; message: string };

export async function readStatus(): Promise<StatusResult> {
  let response: Response;
  try {
    response = await fetch('/status.json', { headers: { ...pageHeaders, Accept: 'application/json' } });
  } catch {
    return { kind: 'fault', message: 'The gateway cannot be reached. Check the connection.' };
  }
  if (response.ok) return { kind: 'read', status: (await response.json()) as Status };
  if (response.status === 401) toSignIn();
  if (response.status === 403) return { kind: 'forbidden' };
  const id = response.headers.get('X-Request-Id');
  const reason = response.status === 503 ? 'The database is away just now.' : 'The status could not be read.';
  return { kind: 'fault', message: id ? `${reason} Request ${id}` : reason };
}
