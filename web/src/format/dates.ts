// Dates for people, in their language and in the zone of the report.

export interface Span {
  from: string;
  to: string;
}

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let known = cache.get(key);
  if (!known) cache.set(key, (known = new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options })));
  return known;
}

// isMidnight tells whether a day begins at an instant, which the API writes with its zone's offset.
// It is not the first hour of the day everywhere.
export const isMidnight = (instant: string) => /T00:00:00(\.0+)?(Z|[+-])/.test(instant);

// spanInWords names the days or, where they are not whole, the times of a span.
export function spanInWords({ from, to }: Span, zone: string, month: 'long' | 'short' = 'long', withYear = true): string {
  const year = withYear ? ({ year: 'numeric' } as const) : {};
  if (isMidnight(from) && isMidnight(to)) {
    return formatter(zone, { day: 'numeric', month, ...year }).formatRange(new Date(from), new Date(Date.parse(to) - 1));
  }
  return formatter(zone, { day: 'numeric', month, ...year, hour: '2-digit', minute: '2-digit' }).formatRange(new Date(from), new Date(to));
}

export const momentInWords = (instant: string, zone: string) =>
  formatter(zone, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(instant));

export const timeInWords = (instant: string, zone: string) => formatter(zone, { hour: '2-digit', minute: '2-digit' }).format(new Date(instant));

export const monthInWords = (instant: string, zone: string) => formatter(zone, { month: 'long', year: 'numeric' }).format(new Date(instant));

// tickInWords is the short name of a bucket below a chart.
export function tickInWords(instant: string, zone: string, granularity: string): string {
  switch (granularity) {
    case 'QUARTER_HOUR':
    case 'HOUR':
      return formatter(zone, isMidnight(instant) ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' }).format(new Date(instant));
    case 'MONTH':
      return formatter(zone, { month: 'short', year: '2-digit' }).format(new Date(instant));
    default:
      return formatter(zone, { day: 'numeric', month: 'short' }).format(new Date(instant));
  }
}

// dayOf is the calendar day of an instant as the API writes it, such as 2026-03-01.
export const dayOf = (instant: string) => instant.slice(0, 10);

// lastDayOf is the last day before an end, which is exclusive.
export function lastDayOf(end: string): string {
  if (!isMidnight(end)) return dayOf(end);
  const before = new Date(`${dayOf(end)}T00:00:00Z`);
  before.setUTCDate(before.getUTCDate() - 1);
  return before.toISOString().slice(0, 10);
}

// rangeOf is a span as the API takes it: days where it is made of them, otherwise instants.
export function rangeOf({ from, to }: Span): Span {
  return isMidnight(from) && isMidnight(to) ? { from: dayOf(from), to: lastDayOf(to) } : { from, to };
}
