import { useCallback, useEffect, useRef, useState } from 'react';
import type { CombinedError, DocumentInput } from 'urql';
import { client } from '../api/client';

export interface RowsPage<T> {
  rows: T[];
  totalCount: number;
  endCursor: string | null;
  hasMore: boolean;
}

interface Rows<T> {
  rows: T[];
  totalCount: number;
  hasMore: boolean;
  error: CombinedError | undefined;
  isLoaded: boolean;
  more: () => void;
}

// useRows reads the rows of a connection page by page, as they are scrolled to. When the key or the
// version changes it begins anew, and keeps what is shown until the first page is there.
export function useRows<Data, Variables extends Record<string, unknown>, T>(
  document: DocumentInput<Data, Variables>,
  variables: Variables,
  version: number,
  pageOf: (data: Data) => RowsPage<T>,
): Rows<T> {
  const key = JSON.stringify(variables);
  const [state, setState] = useState<RowsPage<T> & { key: string; error?: CombinedError | undefined }>({ rows: [], totalCount: 0, endCursor: null, hasMore: false, key: '' });
  const busy = useRef<string>(undefined);

  const read = useCallback(async (after: string | null) => {
    const mine = `${key} ${version} ${after}`;
    if (busy.current === mine) return;
    busy.current = mine;
    const { data, error } = await client.query(document, { ...(JSON.parse(key) as Variables), after }, { requestPolicy: 'network-only' }).toPromise();
    if (busy.current !== mine) return; // something else was asked meanwhile
    busy.current = undefined;
    if (!data || error) {
      setState((old) => ({ ...old, error }));
      return;
    }
    const page = pageOf(data);
    setState((old) => ({ ...page, rows: after === null ? page.rows : [...old.rows, ...page.rows], key, error: undefined }));
  }, [document, key, version, pageOf]);

  useEffect(() => {
    void read(null);
  }, [read]);

  const more = useCallback(() => {
    if (state.key === key && state.hasMore && busy.current === undefined) void read(state.endCursor);
  }, [state, key, read]);

  return { rows: state.rows, totalCount: state.totalCount, hasMore: state.hasMore, error: state.error, isLoaded: state.key !== '', more };
}
