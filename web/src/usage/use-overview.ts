import { useEffect, useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import { ElapsedDocument, LiveDocument, OverviewDocument, type AiUsageGranularity } from '../generated/graphql';
import type { Amount } from '../format/numbers';
import type { View } from '../routing/view';
import { elapsedOf } from './elapsed';
import { argumentsOf, type Scope } from './scope';
import { useKept } from './use-kept';

// useOverview reads totals, chart and what to compare with, and again when the totals have moved.
// The version counts these moves.
export function useOverview(scope: Scope, view: View, granularity: AiUsageGranularity) {
  const [version, setVersion] = useState(0);
  const asked = argumentsOf(scope, view);
  const key = JSON.stringify([asked, granularity, view.measure]);
  const [{ data, error, fetching }, ask] = useQuery({
    query: OverviewDocument,
    variables: {
      ...asked,
      granularity,
      order: { field: view.measure, direction: 'DESC' },
      byAccount: !scope.accountId,
      byCustomer: scope.accountId !== undefined && scope.customerId === undefined,
    },
    requestPolicy: 'cache-and-network',
  });
  const shown = useKept(data?.aiUsage ?? undefined, JSON.stringify(scope));

  const [live] = useSubscription({ query: LiveDocument, variables: asked });
  const moved = live.data?.aiUsageChanged;
  useEffect(() => {
    if (!moved || !data?.aiUsage || fetching || sameAmount(moved.totals, data.aiUsage.totals) || Date.parse(moved.asOf) <= Date.parse(data.aiUsage.asOf)) return;
    setVersion((last) => last + 1);
    ask({ requestPolicy: 'network-only' });
    // What was moved to is compared with what is shown once; the answer may be a later state still.
  }, [moved]);

  const elapsed = shown && elapsedOf({ from: shown.from, to: shown.to, asOf: shown.asOf }, shown.previous, shown.timeZone);
  const [{ data: elapsedData }] = useQuery({
    query: ElapsedDocument,
    variables: { ...scope, startDate: elapsed?.from ?? '', endDate: elapsed?.to ?? '', timeZone: view.zone },
    pause: !elapsed,
  });
  const before = useKept(elapsed ? elapsedData?.aiUsage?.totals : shown?.previous?.totals, key);
  return { report: shown, error, retry: () => ask({ requestPolicy: 'network-only' }), version, elapsed, before, isLoading: fetching && !data };
}

const sameAmount = (a: Amount, b: Amount) => a.aiMinutes === b.aiMinutes && a.aiSeconds === b.aiSeconds && a.sessions === b.sessions;
