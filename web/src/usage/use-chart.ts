import { useEffect, useMemo } from 'react';
import { useQuery } from 'urql';
import type { ChartData } from '../chart/stack';
import { ChartDocument, type AiUsageGranularity, type ChartQuery } from '../generated/graphql';
import type { View } from '../routing/view';
import { present } from './present';
import { argumentsOf, type Scope } from './scope';
import { useKept } from './use-kept';

// useChart reads usage over time and its largest parts, of one state of the database, and again with
// each version. It takes longer than the totals where there are many customers.
export function useChart(scope: Scope, view: View, granularity: AiUsageGranularity, version: number) {
  const [{ data, error, operation }, ask] = useQuery({
    query: ChartDocument,
    variables: {
      ...argumentsOf(scope, view),
      granularity,
      order: { field: view.measure, direction: 'DESC' },
      byAccount: scope.accountId === undefined,
      byCustomer: scope.accountId !== undefined && scope.customerId === undefined,
    },
    requestPolicy: 'cache-and-network',
  });
  useEffect(() => {
    if (version > 0) ask({ requestPolicy: 'network-only' });
  }, [version, ask]);
  // What is shown until the next answer keeps the steps of time that it was asked in.
  const answered = (operation?.variables as { granularity?: AiUsageGranularity } | undefined)?.granularity ?? granularity;
  const chart = useMemo(() => chartOf(data?.aiUsage, answered), [data, answered]);
  return { chart: useKept(chart, JSON.stringify(scope)), error, retry: () => ask({ requestPolicy: 'network-only' }) };
}

function chartOf(report: ChartQuery['aiUsage'] | undefined, granularity: AiUsageGranularity): ChartData | undefined {
  if (!report) return undefined;
  const { accountUsageConnection: accounts, customerUsageConnection: customers } = report;
  const parts = [
    ...present(accounts?.nodes).map((row) => ({ id: row.accountId, name: row.account.name ?? row.accountId, points: row.series ?? [] })),
    ...present(customers?.nodes).map((row) => ({ id: row.customerId, name: row.customer.name ?? row.customerId, points: row.series ?? [] })),
  ];
  return { points: report.series ?? [], parts, count: (accounts ?? customers)?.totalCount, zone: report.timeZone, asOf: report.asOf, granularity };
}
