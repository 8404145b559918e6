import { useCallback, useMemo } from 'react';
import type { Part, Point } from '../chart/stack';
import { ChartPanel } from '../chart/panel';
import { rangeOf, spanInWords } from '../format/dates';
import { measureNames } from '../format/numbers';
import type { AiUsageMeasure } from '../generated/graphql';
import { Choice } from '../parts/choice';
import { Problem } from '../parts/notice';
import { RangePicker } from '../ranges/range-picker';
import { ZonePicker } from '../ranges/zone-picker';
import { withMeasure, type View } from '../routing/view';
import { Cards } from './cards';
import { Downloads } from './downloads';
import { Empty } from './empty';
import { granularitiesOf, granularityOf } from './granularity';
import { Heading } from './heading';
import { present } from './present';
import { AccountRows, CustomerRows } from './rows';
import { Skeleton } from './skeleton';
import type { Scope } from './scope';
import { useOverview } from './use-overview';
import './page.css';

interface UsagePageProps {
  scope: Scope;
  view: View;
  onChange: (view: View) => void;
}

const measures = (['AI_MINUTES', 'AI_SECONDS', 'SESSIONS'] satisfies AiUsageMeasure[]).map((id) => ({ id, name: measureNames[id].short }));

export function UsagePage({ scope, view, onChange }: UsagePageProps) {
  const granularity = granularityOf(view.range, view.granularity);
  const { report, error, retry, version, elapsed, before } = useOverview(scope, view, granularity);
  const parts = useMemo(() => partsOf(report), [report]);
  const change = (next: Partial<View>) => onChange({ ...view, ...next });
  const order = useCallback((next: View['order']) => onChange({ ...view, order: next }), [view, onChange]);
  const open = (point: Point) => {
    if (granularity !== 'HOUR') change({ range: rangeOf(point), granularity: undefined });
  };
  const page = report?.accountUsageConnection ?? report?.customerUsageConnection;
  const of = scope.accountId ? 'customers' : 'accounts';
  const previous = report?.previous;
  const span = elapsed ?? (previous?.from && previous.to ? { from: previous.from, to: previous.to } : undefined);
  const rows = { view, elapsed, granularity, version, onOrder: order };
  return (
    <main className="page">
      <div className="controls">
        <RangePicker
          range={view.range}
          inWords={'from' in view.range && report?.from && report.to ? spanInWords({ from: report.from, to: report.to }, report.timeZone, 'short') : 'Chosen days'}
          onChoose={(range) => change({ range, granularity: undefined })}
        />
        <ZonePicker key={view.zone} zone={view.zone} onChoose={(zone) => change({ zone })} />
        <Choice label="Measure" options={measures} chosen={view.measure} onChoose={(measure) => onChange(withMeasure(view, measure))} />
        <Downloads scope={scope} view={view} granularity={granularity} />
      </div>
      <Heading scope={scope} view={view} report={report} />
      {error && <Problem what="Usage" error={error} onRetry={retry} />}
      {!report && !error && <Skeleton hasRows={scope.customerId === undefined} />}
      {report && report.totals.sessions === 0 && <Empty scope={scope} view={view} />}
      {report && report.totals.sessions > 0 && (
        <>
          <Cards
            totals={report.totals} before={before} span={span} zone={report.timeZone}
            count={page ? { name: scope.accountId ? 'Customers' : 'Accounts', value: page.totalCount } : undefined}
          />
          <ChartPanel
            points={report.series ?? []} parts={parts} of={of} measure={view.measure} granularity={granularity} granularities={granularitiesOf(view.range)}
            restName={restName(scope, page?.totalCount ?? 0, parts.length)}
            onGranularity={(by) => change({ granularity: by })} zone={report.timeZone} asOf={report.asOf} onOpen={open}
          />
          {scope.accountId === undefined && <AccountRows {...rows} />}
          {scope.accountId !== undefined && scope.customerId === undefined && <CustomerRows accountId={scope.accountId} {...rows} />}
        </>
      )}
    </main>
  );
}

type Report = NonNullable<ReturnType<typeof useOverview>['report']>;

function partsOf(report: Report | undefined): Part[] {
  return [
    ...present(report?.accountUsageConnection?.nodes).map((row) => ({ id: row.accountId, name: row.account.name ?? row.accountId, points: row.series ?? [] })),
    ...present(report?.customerUsageConnection?.nodes).map((row) => ({ id: row.customerId, name: row.customer.name ?? row.customerId, points: row.series ?? [] })),
  ];
}

// restName says of how many the rest is. That of an account has its sessions without a customer, too.
function restName(scope: Scope, total: number, shown: number): string {
  if (scope.customerId !== undefined) return 'This customer';
  const left = Math.max(0, total - shown);
  if (scope.accountId === undefined) return `Other (${left} accounts)`;
  return left > 0 ? `Other (${left} customers) and without one` : 'Without a customer';
}
