import { useCallback, useEffect, useRef, useState } from 'react';
import type { CombinedError, DocumentInput } from 'urql';
import { client } from '../api/client';

export interface RowsPage<T, Extra = undefined> {
  rows: T[];
  // extra comes with the first page only.
  extra?: Extra;
  totalCount: number;
  endCursor: string | null;
  hasMore: boolean;
}

export interface Rows<T, Extra = undefined> {
  rows: T[];
  extra: Extra | undefined;
  totalCount: number;
  hasMore: boolean;
  error: CombinedError | undefined;
  // isCurrent tells whether the rows are those that were asked for last.
  isCurrent: boolean;
  more: () => void;
  retry: () => void;
}

// The first page is what can be seen and a little more; whoever scrolls on gets more at once.
const firstPage = 50;
const nextPage = 200;

// Paging is what this file adds to what rows are asked by.
type Paging = { first: number; after?: string | null | undefined; isFirst?: boolean };
type Key<Variables> = Omit<Variables, keyof Paging>;

// useRows reads the rows of a connection page by page, as they are scrolled to. When the variables or
// the version change it begins anew, and keeps what is shown until the first page is there.
export function useRows<Data, Variables extends { first: number }, T, Extra = undefined>(
  document: DocumentInput<Data, Variables>,
  variables: Key<Variables>,
  version: number,
  pageOf: (data: Data) => RowsPage<T, Extra>,
): Rows<T, Extra> {
  const key = JSON.stringify(variables);
  const [state, setState] = useState<RowsPage<T, Extra> & { key: string; error?: CombinedError | undefined }>({ rows: [], totalCount: 0, endCursor: null, hasMore: false, key: '' });
  const busy = useRef<string>(undefined);

  const read = useCallback(async (after: string | null) => {
    const mine = `${key} ${version} ${after}`;
    if (busy.current === mine) return;
    busy.current = mine;
    const asked = { ...(JSON.parse(key) as Key<Variables>), first: after === null ? firstPage : nextPage, after, isFirst: after === null } as unknown as Variables;
    const { data, error } = await client.query(document, asked, { requestPolicy: 'network-only' }).toPromise();
    if (busy.current !== mine) return; // something else was asked meanwhile
    busy.current = undefined;
    if (!data || error) {
      setState((old) => ({ ...old, error }));
      return;
    }
    const page = pageOf(data);
    setState((old) => ({ ...page, ...(after !== null && { rows: [...old.rows, ...page.rows], extra: old.extra }), key, error: undefined }));
  }, [document, key, version, pageOf]);

  useEffect(() => {
    void read(null);
  }, [read]);

  const isCurrent = state.key === key;
  const more = useCallback(() => {
    if (isCurrent && state.hasMore && !state.error && busy.current === undefined) void read(state.endCursor);
  }, [isCurrent, state, read]);
  const retry = useCallback(() => void read(isCurrent ? state.endCursor : null), [isCurrent, state, read]);

  return { rows: state.rows, extra: state.extra, totalCount: state.totalCount, hasMore: state.hasMore, error: state.error, isCurrent, more, retry };
}
