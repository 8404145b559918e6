import { useCallback } from 'react';
import type { Point } from '../chart/stack';
import { ChartPanel } from '../chart/panel';
import { rangeOf, spanInWords } from '../format/dates';
import { inWhole, measureNames } from '../format/numbers';
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
import { AccountRows, CustomerRows } from './rows';
import { Skeleton } from './skeleton';
import type { Scope } from './scope';
import { useChart } from './use-chart';
import { useOverview } from './use-overview';
import './page.css';

interface UsagePageProps {
  scope: Scope;
  view: View;
  isSystemAdministrator: boolean;
  // onChange puts a view into the address, where it replaces the one before or leads back to it.
  onChange: (view: View, replaces?: boolean) => void;
}

const measures = (['AI_MINUTES', 'AI_SECONDS', 'SESSIONS'] satisfies AiUsageMeasure[]).map((id) => ({ id, name: measureNames[id].short }));

export function UsagePage({ scope, view, isSystemAdministrator, onChange }: UsagePageProps) {
  const granularity = granularityOf(view.range, view.granularity);
  const { report, error, retry, version } = useOverview(scope, view);
  const { chart, error: chartError, retry: retryChart } = useChart(scope, view, granularity, version);
  const change = (next: Partial<View>) => onChange({ ...view, ...next });
  const order = useCallback((next: View['order']) => onChange({ ...view, order: next }), [view, onChange]);
  const search = useCallback((text: string) => onChange({ ...view, search: text }, true), [view, onChange]);
  const open = (point: Point) => change({ range: rangeOf(point), granularity: undefined });
  const previous = report?.previous;
  const before = previous?.from && previous.to ? { from: previous.from, to: previous.to } : undefined;
  const span = report?.from && report.to ? { from: report.from, to: report.to } : undefined;
  const rows = { view, version, onOrder: order, onSearch: search };
  const of = scope.customerId !== undefined ? undefined : scope.accountId !== undefined ? 'customers' : 'accounts';
  const isUsed = report && report.totals.sessions > 0;
  return (
    <main className="page">
      <div className="controls">
        <RangePicker
          range={view.range}
          inWords={'from' in view.range && report && span ? spanInWords(span, report.timeZone, 'short') : 'Chosen days'}
          onChoose={(range) => change({ range, granularity: undefined })}
        />
        <ZonePicker key={view.zone} zone={view.zone} onChoose={(zone) => change({ zone })} />
        <Choice label="Measure" options={measures} chosen={view.measure} onChoose={(measure) => onChange(withMeasure(view, measure))} />
        <Downloads scope={scope} view={view} granularity={granularity} old={isSystemAdministrator ? span : undefined} />
      </div>
      <Heading scope={scope} view={view} report={report} before={before} />
      {error && <Problem what="Usage" error={error} onRetry={retry} />}
      {!report && !error && <Skeleton hasRows={of !== undefined} />}
      {report && !isUsed && <Empty scope={scope} view={view} />}
      {report && (isUsed || (previous?.totals.sessions ?? 0) > 0) && (
        <>
          <Cards
            totals={report.totals} before={previous?.totals}
            count={of && { name: of === 'accounts' ? 'Accounts' : 'Customers', value: chart?.count }}
          />
          {isUsed && chartError && <Problem what="The chart" error={chartError} onRetry={retryChart} />}
          {isUsed && !chart && !chartError && <div className="panel skeleton-chart" />}
          {isUsed && chart && (
            <ChartPanel
              chart={chart} of={of} restName={restName(of, (chart.count ?? 0) - chart.parts.length)} measure={view.measure}
              granularities={granularitiesOf(view.range)} onGranularity={(by) => change({ granularity: by })}
              onOpen={chart.granularity === 'QUARTER_HOUR' ? undefined : open}
            />
          )}
          {scope.accountId === undefined && <AccountRows {...rows} />}
          {scope.accountId !== undefined && scope.customerId === undefined && <CustomerRows accountId={scope.accountId} {...rows} />}
        </>
      )}
    </main>
  );
}

// restName says of how many the rest is. That of an account has its sessions without a customer, too.
function restName(of: 'accounts' | 'customers' | undefined, left: number): string {
  if (of === undefined) return 'This customer';
  if (of === 'accounts') return `Other (${inWhole(left)} accounts)`;
  return left > 0 ? `Other (${inWhole(left)} customers) and without one` : 'Without a customer';
}
