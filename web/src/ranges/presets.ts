import type { AiUsagePeriod } from '../generated/graphql';

// The periods of the schema, in the order of the menu.
export const presets: [AiUsagePeriod, string][] = [
  ['TODAY', 'Today'],
  ['YESTERDAY', 'Yesterday'],
  ['LAST_7_DAYS', 'Last 7 days'],
  ['LAST_30_DAYS', 'Last 30 days'],
  ['LAST_90_DAYS', 'Last 90 days'],
  ['THIS_WEEK', 'This week'],
  ['LAST_WEEK', 'Last week'],
  ['THIS_MONTH', 'This month'],
  ['LAST_MONTH', 'Last month'],
  ['THIS_QUARTER', 'This quarter'],
  ['LAST_QUARTER', 'Last quarter'],
  ['THIS_YEAR', 'This year'],
  ['LAST_YEAR', 'Last year'],
];

export const isPeriod = (name: string): name is AiUsagePeriod => presets.some(([period]) => period === name);

export const presetName = (period: AiUsagePeriod): string => presets.find(([known]) => known === period)?.[1] ?? period;
