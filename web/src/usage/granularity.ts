import type { AiUsageGranularity } from '../generated/graphql';
import type { Range } from '../routing/view';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

// The lengths of named ranges, in days at most.
const lengths: Record<string, number> = {
  TODAY: 1, YESTERDAY: 1, THIS_WEEK: 7, LAST_WEEK: 7, LAST_7_DAYS: 7, LAST_30_DAYS: 30, THIS_MONTH: 31, LAST_MONTH: 31, LAST_90_DAYS: 90, THIS_QUARTER: 92,
  LAST_QUARTER: 92, THIS_YEAR: 366, LAST_YEAR: 366,
};

// lengthOf is about how long a range is, in milliseconds.
export function lengthOf(range: Range): number {
  if ('period' in range) return (lengths[range.period] ?? 31) * day;
  return Math.max(minute, Date.parse(range.to) - Date.parse(range.from) + (range.to.includes('T') ? 0 : day));
}

// granularitiesOf are those that a chart of a range can show: more than 750 bars are thinner than
// a pixel on most screens.
export function granularitiesOf(range: Range): AiUsageGranularity[] {
  const length = lengthOf(range);
  const all: [AiUsageGranularity, number, number][] = [
    ['QUARTER_HOUR', 0, day], ['HOUR', 0, 31 * day], ['DAY', day, 750 * day], ['WEEK', 7 * day, 5250 * day], ['MONTH', 28 * day, Number.POSITIVE_INFINITY],
  ];
  return all.filter(([, shortest, longest]) => length >= shortest && length <= longest).map(([name]) => name);
}

// granularityOf is the one that was chosen, where it can be shown, or what suits the range.
export function granularityOf(range: Range, chosen: AiUsageGranularity | undefined): AiUsageGranularity {
  return chosen && granularitiesOf(range).includes(chosen) ? chosen : trendOf(range);
}

// trendOf is what suits a range: some dozens of steps.
export function trendOf(range: Range): AiUsageGranularity {
  const length = lengthOf(range);
  if (length <= 2 * hour) return 'QUARTER_HOUR';
  return length <= 2 * day ? 'HOUR' : length <= 93 * day ? 'DAY' : length <= 740 * day ? 'WEEK' : 'MONTH';
}
