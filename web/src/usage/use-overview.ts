import { useEffect, useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import { LiveDocument, OverviewDocument } from '../generated/graphql';
import type { Amount } from '../format/numbers';
import type { View } from '../routing/view';
import { argumentsOf, type Scope } from './scope';
import { useKept } from './use-kept';

// useOverview reads totals and what to compare them with, and again when the totals have moved.
// The version counts these moves.
export function useOverview(scope: Scope, view: View) {
  const [version, setVersion] = useState(0);
  const asked = argumentsOf(scope, view);
  const [{ data, error, fetching }, ask] = useQuery({
    query: OverviewDocument,
    variables: asked,
    requestPolicy: 'cache-and-network',
  });
  const shown = useKept(data?.aiUsage ?? undefined, JSON.stringify(scope));

  const [live] = useSubscription({ query: LiveDocument, variables: asked });
  const moved = live.data?.aiUsageChanged;
  useEffect(() => {
    if (!moved || !data?.aiUsage || fetching || sameAmount(moved.totals, data.aiUsage.totals) || Date.parse(moved.asOf) <= Date.parse(data.aiUsage.asOf)) return;
    setVersion((last) => last + 1);
    ask({ requestPolicy: 'network-only' });
    // Also once an answer is there: what has moved while it was read may not be in it.
  }, [moved, fetching]);
  return { report: shown, error, retry: () => ask({ requestPolicy: 'network-only' }), version };
}

const sameAmount = (a: Amount, b: Amount) => a.aiMinutes === b.aiMinutes && a.aiSeconds === b.aiSeconds && a.sessions === b.sessions;
