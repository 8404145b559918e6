import { createClient as createStreams, type RequestParams } from 'graphql-sse';
import { Client, cacheExchange, fetchExchange, mapExchange, subscriptionExchange, type CombinedError } from 'urql';
import { pageHeaders, toSignIn } from '../session/session';
import { connection } from '../live/connection';

const url = '/graphql';

// A stream that has ended is opened again for as long as the page is: after half a second, then
// after longer, up to ten.
const streams = createStreams({
  url,
  headers: pageHeaders,
  retryAttempts: Number.POSITIVE_INFINITY,
  retry: (attempt) => new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** attempt))),
  on: {
    connecting: (isAgain) => isAgain && connection.set('lost'),
    connected: () => connection.set('live'),
  },
});

// The document cache: an answer is of one state of the database, and rows of different answers
// must not be mixed, so nothing is normalised.
export const client = new Client({
  url,
  preferGetMethod: false,
  fetchOptions: { headers: pageHeaders },
  exchanges: [
    cacheExchange,
    mapExchange({
      onError(error) {
        if (codeOf(error) === 'UNAUTHENTICATED') toSignIn();
      },
    }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (operation) => ({
        subscribe: (sink) => ({ unsubscribe: streams.subscribe(operation as RequestParams, sink as Parameters<typeof streams.subscribe>[1]) }),
      }),
    }),
  ],
});

// codeOf returns the extensions.code of an error, or nothing where the gateway was not reached.
export function codeOf(error: CombinedError): string | undefined {
  const status = (error.response as Response | undefined)?.status;
  return (error.graphQLErrors[0]?.extensions.code as string | undefined) ?? (status === 401 ? 'UNAUTHENTICATED' : undefined);
}
