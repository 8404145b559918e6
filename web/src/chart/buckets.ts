import { dayOf, isMidnight } from '../format/dates';
import type { AiUsageGranularity } from '../generated/graphql';
import type { Point } from './stack';

const minute = 60_000;

export const granularityNames: Record<AiUsageGranularity, { button: string; long: string }> = {
  QUARTER_HOUR: { button: '15 min', long: 'quarter of an hour' },
  HOUR: { button: 'Hour', long: 'hour' },
  DAY: { button: 'Day', long: 'day' },
  WEEK: { button: 'Week', long: 'week' },
  MONTH: { button: 'Month', long: 'month' },
  YEAR: { button: 'Year', long: 'year' },
};

// isCut tells whether a bucket is less than the hour, day and so on that it is of, because the
// range begins or ends within it. Instants are as the API writes them, with the zone's offset.
export function isCut({ from, to }: Point, granularity: AiUsageGranularity): boolean {
  const length = Date.parse(to) - Date.parse(from);
  switch (granularity) {
    case 'QUARTER_HOUR':
      return length < 15 * minute;
    case 'HOUR':
      return length < 30 * minute; // where the clocks change, some hours are half ones
    case 'DAY':
      return length < 22.5 * 60 * minute;
    case 'WEEK':
      return ![from, to].every((instant) => isMidnight(instant) && new Date(dayOf(instant)).getUTCDay() === 1);
    case 'MONTH':
      return ![from, to].every((instant) => isMidnight(instant) && instant.slice(8, 10) === '01');
    default:
      return false;
  }
}
