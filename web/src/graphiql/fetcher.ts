import { createGraphiQLFetcher, type Fetcher, type FetcherParams, type FetcherOpts } from '@graphiql/toolkit';
import { createClient } from 'graphql-sse';
import { getOperationAST } from 'graphql';
import { pageHeaders } from '../session/session';

const url = '/graphql';
const ask = createGraphiQLFetcher({ url, headers: pageHeaders });

// fetcher sends subscriptions as server-sent events, so that the headers of the editor go with
// them too, which they cannot on a WebSocket.
export const fetcher: Fetcher = (params: FetcherParams, options?: FetcherOpts) => {
  const document = options?.documentAST;
  const operation = document && getOperationAST(document, params.operationName);
  if (operation?.operation !== 'subscription') return ask(params, options);
  const client = createClient({ url, headers: { ...pageHeaders, ...options?.headers }, retryAttempts: 0 });
  return client.iterate({ query: params.query, operationName: params.operationName ?? undefined, variables: params.variables as Record<string, unknown> });
};
