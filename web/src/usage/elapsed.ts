import { parseAbsolute, toCalendarDateTime, toZoned } from '@internationalized/date';
import type { Span } from '../format/dates';

// elapsedOf returns the part of the span before that is as long as what has passed of a span that is
// still going, or undefined where all of it has passed. Days are those of the calendar: on the
// 10th at noon, a month compares with the month before up to the 10th at noon. To the full
// minute, so that not each moment asks anew.
export function elapsedOf(now: { from: string | null; to: string | null; asOf: string }, before: { from: string | null; to: string | null } | null, zone: string): Span | undefined {
  if (!now.from || !now.to || !before?.from || !before.to || Date.parse(now.asOf) >= Date.parse(now.to)) return undefined;
  const [from, asOf, start] = [now.from, now.asOf, before.from].map((instant) => toCalendarDateTime(parseAbsolute(instant, zone))) as [Local, Local, Local];
  const days = Math.round((midnight(asOf) - midnight(from)) / 86_400_000);
  const end = toZoned(start.add({ days }).set({ hour: asOf.hour, minute: asOf.minute, second: 0, millisecond: 0 }), zone).toDate().getTime();
  const last = Math.min(Math.max(end, Date.parse(before.from)), Date.parse(before.to));
  return { from: before.from, to: new Date(last).toISOString() };
}

type Local = ReturnType<typeof toCalendarDateTime>;

const midnight = (day: Local) => Date.UTC(day.year, day.month - 1, day.day);
