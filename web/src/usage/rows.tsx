import { useMemo } from 'react';
import { AccountRowsDocument, CustomerRowsDocument, type AccountRowsQuery, type AiUsageMeasure, type CustomerRowsQuery } from '../generated/graphql';
import { pastPoints } from '../chart/stack';
import { valueOf, type Amount } from '../format/numbers';
import { accountPath, customerPath } from '../routing/place';
import { elsewhere, writeView, type View } from '../routing/view';
import { Problem } from '../parts/notice';
import type { Row } from '../table/columns';
import { UsageTable } from '../table/usage-table';
import { trendOf } from './granularity';
import { NothingFound } from './nothing-found';
import { present } from './present';
import { rangeArguments } from './scope';
import { Search } from './search';
import { useRows, type Rows, type RowsPage } from './use-rows';

interface RowsProps {
  view: View;
  version: number;
  onOrder: (order: View['order']) => void;
  onSearch: (search: string) => void;
}

const listArguments = (view: View) => ({
  ...rangeArguments(view.range),
  timeZone: view.zone,
  trend: trendOf(view.range),
  measure: view.measure,
  order: { field: view.order.field, direction: view.order.descending ? ('DESC' as const) : ('ASC' as const), measure: view.measure },
  search: view.search.trim(),
});

export function AccountRows(props: RowsProps) {
  const { view, version } = props;
  const found = useRows(AccountRowsDocument, listArguments(view), version, accountPage);
  const there = writeView(elsewhere(view));
  const rows = useMemo(
    () => found.rows.map((row) => rowOf(row, row.accountId, row.account.name, accountPath(row.accountId) + there)),
    [found.rows, there],
  );
  return <List what="Account" found={found} rows={rows} {...props} />;
}

export function CustomerRows({ accountId, ...props }: RowsProps & { accountId: string }) {
  const { view, version } = props;
  const found = useRows(CustomerRowsDocument, { accountId, ...listArguments(view) }, version, customerPage);
  const there = writeView(elsewhere(view));
  const rows = useMemo(
    () => found.rows.map((row) => rowOf(row, row.customerId, row.customer.name, customerPath(accountId, row.customerId) + there)),
    [found.rows, accountId, there],
  );
  const last = useMemo(() => found.extra && withoutCustomer(found.extra, view.measure), [found.extra, view.measure]);
  return <List what="Customer" found={found} rows={rows} accountId={accountId} last={view.search.trim() === '' ? last : undefined} {...props} />;
}

type ListProps = RowsProps & { what: 'Account' | 'Customer'; found: Rows<unknown, unknown>; rows: Row[]; accountId?: string; last?: Row | undefined };

function List({ what, found, rows, view, accountId, last, onOrder, onSearch }: ListProps) {
  const search = view.search.trim();
  const isNothing = found.isCurrent && rows.length === 0 && search !== '';
  return (
    <UsageTable
      what={what} rows={rows} last={last} totalCount={found.totalCount} measure={view.measure} order={view.order} onOrder={onOrder}
      hasMore={found.hasMore} onMore={found.more} search={<Search what={`${what.toLowerCase()}s`} search={view.search} onSearch={onSearch} />}
    >
      {found.error && <Problem what={`The table of ${what.toLowerCase()}s`} error={found.error} onRetry={found.retry} />}
      {isNothing && <NothingFound search={search} view={view} accountId={accountId} />}
    </UsageTable>
  );
}

type Found = NonNullable<NonNullable<NonNullable<NonNullable<AccountRowsQuery['aiUsage']>['accountUsageConnection']>['nodes'][number]>>;

function rowOf(found: Omit<Found, 'accountId' | 'account'>, id: string, name: string | null, href: string): Row {
  const { aiMinutes, aiSeconds, sessions, share, previous, series } = found;
  return { id, name: name ?? id, href, aiMinutes, aiSeconds, sessions, share, before: previous ?? undefined, points: series ?? [] };
}

// withoutCustomer is the row of an account's sessions that belong to no customer, if there are any.
function withoutCustomer({ totals, accountUsage, previous }: NonNullable<CustomerRowsQuery['aiUsage']>, measure: AiUsageMeasure): Row | undefined {
  const sum = (rows: readonly { withoutCustomer: Amount }[] | null | undefined): Amount => rows?.[0]?.withoutCustomer ?? { aiMinutes: 0, aiSeconds: 0, sessions: 0 };
  const [now, before] = [sum(accountUsage), previous ? sum(previous.accountUsage) : undefined];
  if (now.sessions === 0 && !before?.sessions) return undefined;
  const whole = totals ? valueOf(totals, measure) : 0;
  return { ...now, id: '', name: 'Without a customer', href: undefined, share: whole > 0 ? valueOf(now, measure) / whole : null, before, points: [] };
}

const accountPage = ({ aiUsage }: AccountRowsQuery) => pageOf(aiUsage?.accountUsageConnection, aiUsage?.asOf);
const customerPage = ({ aiUsage }: CustomerRowsQuery) => ({ ...pageOf(aiUsage?.customerUsageConnection, aiUsage?.asOf), ...(aiUsage && { extra: aiUsage }) });

interface Connection<T> {
  nodes: (T | null)[];
  totalCount: number;
  pageInfo: { endCursor: string | null; hasNextPage: boolean };
}

function pageOf<T extends { series: { from: string }[] | null }>(page: Connection<T> | null | undefined, asOf = ''): RowsPage<T> {
  const rows = present(page?.nodes).map((row) => ({ ...row, series: pastPoints(row.series ?? [], asOf) }));
  return { rows, totalCount: page?.totalCount ?? 0, endCursor: page?.pageInfo.endCursor ?? null, hasMore: page?.pageInfo.hasNextPage ?? false };
}
