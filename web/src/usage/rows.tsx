import { useCallback, useMemo } from 'react';
import { useQuery } from 'urql';
import {
  AccountRowsDocument, CustomerRowsDocument, ElapsedAccountsDocument, ElapsedCustomersDocument,
  type AccountRowsQuery, type AiUsageGranularity, type CustomerRowsQuery,
} from '../generated/graphql';
import type { Span } from '../format/dates';
import type { Amount } from '../format/numbers';
import { accountPath, customerPath } from '../routing/place';
import { writeView, type View } from '../routing/view';
import { Problem } from '../parts/notice';
import { UsageTable } from '../table/usage-table';
import type { Row } from '../table/columns';
import { Finder } from './finder';
import { present } from './present';
import { rangeArguments } from './scope';
import { useRows, type RowsPage } from './use-rows';

const pageSize = 50;

interface RowsProps {
  view: View;
  // elapsed is what rows of a range that is still going are compared with.
  elapsed: Span | undefined;
  granularity: AiUsageGranularity;
  version: number;
  onOrder: (order: View['order']) => void;
}

const listArguments = (view: View, granularity: AiUsageGranularity) => ({
  ...rangeArguments(view.range),
  timeZone: view.zone,
  granularity,
  measure: view.measure,
  order: { field: view.order.field, direction: view.order.descending ? ('DESC' as const) : ('ASC' as const) },
  first: pageSize,
});

export function AccountRows({ view, elapsed, granularity, version, onOrder }: RowsProps) {
  const found = useRows(AccountRowsDocument, listArguments(view, granularity), version, accountPage);
  const [{ data }] = useQuery({ query: ElapsedAccountsDocument, variables: elapsedArguments(view, elapsed), pause: !elapsed });
  const before = useBefore(data?.aiUsage?.accountUsageConnection, (row) => row.accountId);
  const search = writeView(view);
  const rows = useMemo<Row[]>(
    () => found.rows.map((row) => ({
      ...row,
      id: row.accountId,
      name: row.account.name ?? row.accountId,
      href: accountPath(row.accountId) + search,
      before: elapsed ? before(row.accountId) : (row.previous ?? undefined),
      points: row.series ?? [],
    })),
    [found.rows, before, elapsed, search],
  );
  if (found.error && !found.isLoaded) return <Problem what="The table of accounts" error={found.error} onRetry={found.more} />;
  return (
    <UsageTable
      what="Account" rows={rows} totalCount={found.totalCount} measure={view.measure} order={view.order} onOrder={onOrder}
      hasMore={found.hasMore} onMore={found.more} search={<Finder view={view} />}
    />
  );
}

export function CustomerRows({ accountId, view, elapsed, granularity, version, onOrder }: RowsProps & { accountId: string }) {
  const found = useRows(CustomerRowsDocument, { accountId, ...listArguments(view, granularity) }, version, customerPage);
  const [{ data }] = useQuery({ query: ElapsedCustomersDocument, variables: { accountId, ...elapsedArguments(view, elapsed) }, pause: !elapsed });
  const before = useBefore(data?.aiUsage?.customerUsageConnection, (row) => row.customerId);
  const search = writeView(view);
  const rows = useMemo<Row[]>(
    () => found.rows.map((row) => ({
      ...row,
      id: row.customerId,
      name: row.customer.name ?? row.customerId,
      href: customerPath(accountId, row.customerId) + search,
      before: elapsed ? before(row.customerId) : (row.previous ?? undefined),
      points: row.series ?? [],
    })),
    [found.rows, before, elapsed, accountId, search],
  );
  if (found.error && !found.isLoaded) return <Problem what="The table of customers" error={found.error} onRetry={found.more} />;
  return (
    <UsageTable
      what="Customer" rows={rows} totalCount={found.totalCount} measure={view.measure} order={view.order} onOrder={onOrder}
      hasMore={found.hasMore} onMore={found.more} search={<Finder view={view} accountId={accountId} />}
    />
  );
}

const accountPage = ({ aiUsage }: AccountRowsQuery) => pageOf(aiUsage?.accountUsageConnection);
const customerPage = ({ aiUsage }: CustomerRowsQuery) => pageOf(aiUsage?.customerUsageConnection);

interface Connection<T> {
  nodes: (T | null)[];
  totalCount: number;
  pageInfo: { endCursor: string | null; hasNextPage: boolean };
}

function pageOf<T>(page: Connection<T> | null | undefined): RowsPage<T> {
  return { rows: present(page?.nodes), totalCount: page?.totalCount ?? 0, endCursor: page?.pageInfo.endCursor ?? null, hasMore: page?.pageInfo.hasNextPage ?? false };
}

const elapsedArguments = (view: View, elapsed: Span | undefined) => ({
  startDate: elapsed?.from ?? '',
  endDate: elapsed?.to ?? '',
  timeZone: view.zone,
  order: { field: view.measure, direction: 'DESC' as const },
});

// useBefore returns how to find what a row was before. Where all rows of then are known, one that
// is missing had nothing.
function useBefore<T extends Amount>(page: { totalCount: number; nodes: (T | null)[] } | null | undefined, idOf: (row: T) => string): (id: string) => Amount | undefined {
  const known = useMemo(() => page && new Map(present(page.nodes).map((row) => [idOf(row), row])), [page]);
  return useCallback(
    (id) => known?.get(id) ?? (page && page.nodes.length === page.totalCount ? { aiMinutes: 0, aiSeconds: 0, sessions: 0 } : undefined),
    [known, page],
  );
}
