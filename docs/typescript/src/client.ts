import type { TypedDocumentString } from './generated/graphql.js';

/** Where the gateway is, and who asks. */
export interface Connection {
  /** For example `http://127.0.0.1:8080/graphql`. */
  url: string;
  /** The value of the header `Authorization`; `basic` and `bearer` make it. */
  authorization: string;
  /** Whether documents are named by their hash, from the manifest that `npm run generate` writes. */
  persisted?: boolean;
}

/** What an error of the gateway says; docs/frontend.md lists the codes. */
interface GatewayError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; argument?: string; accepted?: string[] };
}

interface Answer<Data> {
  data?: Data | null;
  errors?: GatewayError[];
}

/** A question that was not answered, or not wholly. */
export class UsageError extends Error {
  override name = 'UsageError';
  /** What to do about it, as a word for programs: `BAD_USER_INPUT`, `UNAUTHENTICATED`, … */
  readonly code: string;
  /** The argument at fault, where there is one. */
  readonly argument: string | undefined;
  /** The forms that this argument takes. */
  readonly accepted: readonly string[];
  /** After how many seconds to try again, where the gateway knows. */
  readonly retryAfter: number | undefined;
  /** Names the request in the gateway's log. */
  readonly requestId: string | undefined;

  constructor(error: GatewayError, response: Response) {
    super(error.message);
    this.code = error.extensions?.code ?? 'UNKNOWN';
    this.argument = error.extensions?.argument;
    this.accepted = error.extensions?.accepted ?? [];
    const seconds = Number(response.headers.get('Retry-After') ?? NaN);
    this.retryAfter = Number.isFinite(seconds) ? seconds : undefined;
    this.requestId = response.headers.get('X-Request-Id') ?? undefined;
  }
}

/** The `Authorization` of a user. */
export function basic(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** The `Authorization` of an API key, or of a token of an identity provider. */
export function bearer(key: string): string {
  return `Bearer ${key}`;
}

/** Asks the gateway. Throws a `UsageError` with the first error, if there is any. */
export async function ask<Data, Variables>(
  connection: Connection,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(connection.url, {
    method: 'POST',
    headers: {
      'Authorization': connection.authorization,
      'Content-Type': 'application/json',
      'Accept': 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify({ ...named(connection, document), variables }),
    signal: AbortSignal.timeout(60_000),
  });
  const answer = await read<Data>(response);
  const error = answer.errors?.[0];
  if (error) {
    throw new UsageError(error, response);
  }
  if (!answer.data) {
    throw new UsageError({ message: `${response.status} ${response.statusText}: no data` }, response);
  }
  return answer.data;
}

/** The document itself, or its name. */
function named<Data, Variables>(connection: Connection, document: TypedDocumentString<Data, Variables>) {
  return connection.persisted
    ? { documentId: `sha256:${document.__meta__?.['hash']}` }
    : { query: document.toString() };
}

/** Whatever stands between here and the gateway may answer with something other than JSON. */
async function read<Data>(response: Response): Promise<Answer<Data>> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Answer<Data>;
  } catch {
    return { errors: [{ message: `${response.status} ${response.statusText}: ${text.slice(0, 200)}` }] };
  }
}
