import type { AiUsageGranularity } from '../generated/graphql';
import type { Range } from '../routing/view';

const hour = 3_600_000;
const day = 24 * hour;

// The lengths of named ranges, in days at most.
const lengths: Record<string, number> = {
  TODAY: 1, YESTERDAY: 1, THIS_WEEK: 7, LAST_WEEK: 7, LAST_7_DAYS: 7, LAST_30_DAYS: 30, THIS_MONTH: 31, LAST_MONTH: 31, LAST_90_DAYS: 90, THIS_QUARTER: 92,
  LAST_QUARTER: 92, THIS_YEAR: 366, LAST_YEAR: 366,
};

// lengthOf is about how long a range is, in milliseconds.
export function lengthOf(range: Range): number {
  if ('period' in range) return (lengths[range.period] ?? 31) * day;
  return Math.max(hour, Date.parse(range.to) - Date.parse(range.from) + (range.to.includes('T') ? 0 : day));
}

// granularitiesOf are those that a chart of a range can show: more than 750 bars are thinner than
// a pixel on most screens.
export function granularitiesOf(range: Range): AiUsageGranularity[] {
  const length = lengthOf(range);
  const all: [AiUsageGranularity, number][] = [['HOUR', hour], ['DAY', day], ['WEEK', 7 * day], ['MONTH', 30 * day]];
  return all.filter(([name, one]) => length / one <= 750 && (length >= one || name === 'HOUR' || name === 'DAY')).map(([name]) => name);
}

// granularityOf is the one that was chosen, where it can be shown, or what suits the range.
export function granularityOf(range: Range, chosen: AiUsageGranularity | undefined): AiUsageGranularity {
  const possible = granularitiesOf(range);
  if (chosen && possible.includes(chosen)) return chosen;
  const length = lengthOf(range);
  const suited = length <= 2 * day ? 'HOUR' : length <= 93 * day ? 'DAY' : length <= 740 * day ? 'WEEK' : 'MONTH';
  return possible.includes(suited) ? suited : (possible.at(-1) ?? 'MONTH');
}
