import { expect, test } from 'vitest';
import { elapsedOf } from './elapsed';

const utc = (from: string, to: string) => ({ from: `${from}T00:00:00Z`, to: `${to}T00:00:00Z` });

test('a month that is going compares with the month before up to the same day and minute', () => {
  expect(elapsedOf({ ...utc('2026-11-01', '2026-12-01'), asOf: '2026-11-10T12:34:56.789Z' }, utc('2026-10-01', '2026-11-01'), 'UTC'))
    .toEqual({ from: '2026-10-01T00:00:00Z', to: '2026-10-10T12:34:00.000Z' });
});

test('no more than all of a shorter month', () => {
  expect(elapsedOf({ ...utc('2026-03-01', '2026-04-01'), asOf: '2026-03-31T12:00:00Z' }, utc('2026-02-01', '2026-03-01'), 'UTC'))
    .toEqual({ from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00.000Z' });
});

test('days are those of the calendar, also where the clocks change', () => {
  const now = { from: '2026-10-19T00:00:00+02:00', to: '2026-10-26T00:00:00+01:00', asOf: '2026-10-25T12:00:00+01:00' };
  expect(elapsedOf(now, { from: '2026-10-12T00:00:00+02:00', to: '2026-10-19T00:00:00+02:00' }, 'Europe/Berlin')?.to).toBe('2026-10-18T10:00:00.000Z');
});

test('a range that is over, has no end or nothing before it compares with all or nothing', () => {
  expect(elapsedOf({ ...utc('2026-10-01', '2026-11-01'), asOf: '2026-11-01T00:00:00Z' }, utc('2026-09-01', '2026-10-01'), 'UTC')).toBeUndefined();
  expect(elapsedOf({ from: null, to: null, asOf: '2026-11-01T00:00:00Z' }, null, 'UTC')).toBeUndefined();
});
