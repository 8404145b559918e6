import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import type { CombinedError } from 'urql';
import { codeOf } from '../api/client';

const advice: Record<string, string> = {
  FORBIDDEN: 'You may not see this. Ask whoever administers the gateway for the role or the account.',
  SERVICE_UNAVAILABLE: 'The database is away just now. Try again in some seconds.',
  STALE: 'The database is too far behind just now. Try again in some seconds.',
  TIMEOUT: 'This took too long. Choose a shorter range, or try later.',
  TOO_MANY_REQUESTS: 'Too many requests at the same time. Wait a moment.',
};

// Problem says what failed and what to do. It stays in its place; the rest of the page lives on.
export function Problem({ what, error, onRetry }: { what: string; error: CombinedError; onRetry: () => void }) {
  const code = codeOf(error);
  const id = (error.response as Response | undefined)?.headers?.get('X-Request-Id');
  const words = code ? (advice[code] ?? error.graphQLErrors[0]?.message ?? error.message) : 'The gateway cannot be reached. Check the connection.';
  return (
    <div className="panel notice bad padded" role="alert">
      <strong>{what} could not be read.</strong>
      <span>{words}</span>
      <Button className="button" onPress={onRetry}>Try again</Button>
      {id && <span className="id">Request {id}</span>}
    </div>
  );
}

export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return <div className="panel notice padded"><strong>{title}</strong>{children}</div>;
}
