import type { AiUsageGranularity, AiUsageMeasure, AiUsageOrderField, AiUsagePeriod } from '../generated/graphql';
import { isPeriod } from '../ranges/presets';

// A range by its name, or between two days or instants as the API takes them.
export type Range = { period: AiUsagePeriod } | { from: string; to: string };

// View is everything that can be chosen. All of it is in the address.
export interface View {
  range: Range;
  zone: string;
  measure: AiUsageMeasure;
  // granularity is undefined where it follows from the range.
  granularity: AiUsageGranularity | undefined;
  order: { field: AiUsageOrderField; descending: boolean };
  // search is what rows have in their name or id.
  search: string;
}

const measures: Record<string, AiUsageMeasure> = { minutes: 'AI_MINUTES', seconds: 'AI_SECONDS', sessions: 'SESSIONS' };
const granularities: Record<string, AiUsageGranularity> = { quarter: 'QUARTER_HOUR', hour: 'HOUR', day: 'DAY', week: 'WEEK', month: 'MONTH' };
const fields: Record<string, AiUsageOrderField> = {
  id: 'ID', name: 'NAME', ...measures, share: 'SHARE', previous: 'PREVIOUS', change: 'CHANGE', percent: 'CHANGE_RELATIVE',
};

export const defaultPeriod: AiUsagePeriod = 'LAST_30_DAYS';

const day = /^\d{4}-\d{2}-\d{2}(T.+)?$/;

// readView reads an address; what cannot be read is as if it were not there.
export function readView(search: string, browserZone: string): View {
  const parameters = new URLSearchParams(search);
  const [from, to, period] = [parameters.get('from') ?? '', parameters.get('to') ?? '', parameters.get('period') ?? ''];
  const measure = own(measures, parameters.get('measure')) ?? 'AI_MINUTES';
  const sort = parameters.get('sort') ?? '';
  const field = own(fields, sort.replace(/^-/, ''));
  return {
    range: day.test(from) && day.test(to) ? { from, to } : { period: isPeriod(period) ? period : defaultPeriod },
    zone: parameters.get('zone') || browserZone,
    measure,
    granularity: own(granularities, parameters.get('by')),
    order: field ? { field, descending: sort.startsWith('-') } : { field: measure, descending: true },
    search: parameters.get('search') ?? '',
  };
}

// writeView is the inverse of readView. Zone and range are always written: whoever is sent the
// address sees the same.
export function writeView(view: View): string {
  const parameters = new URLSearchParams();
  if ('period' in view.range) parameters.set('period', view.range.period);
  else {
    parameters.set('from', view.range.from);
    parameters.set('to', view.range.to);
  }
  parameters.set('zone', view.zone);
  if (view.measure !== 'AI_MINUTES') parameters.set('measure', nameOf(measures, view.measure));
  if (view.granularity) parameters.set('by', nameOf(granularities, view.granularity));
  if (view.order.field !== view.measure || !view.order.descending) {
    parameters.set('sort', (view.order.descending ? '-' : '') + nameOf(fields, view.order.field));
  }
  if (view.search) parameters.set('search', view.search);
  return `?${parameters}`;
}

// elsewhere is the view with which another page opens: what is looked for here is nothing there.
export const elsewhere = (view: View): View => ({ ...view, search: '' });

// withMeasure changes the measure; rows that were ordered by it still are.
export function withMeasure(view: View, measure: AiUsageMeasure): View {
  return { ...view, measure, order: view.order.field === view.measure ? { ...view.order, field: measure } : view.order };
}

const own = <T>(of: Record<string, T>, name: string | null): T | undefined => (name !== null && Object.hasOwn(of, name) ? of[name] : undefined);

const nameOf = (of: Record<string, string>, value: string): string => Object.keys(of).find((name) => of[name] === value)!;
