import { expect, test } from 'vitest';
import type { AiUsageGranularity } from '../generated/graphql';
import { isCut } from './buckets';

const cut = (granularity: AiUsageGranularity, from: string, to: string) => isCut({ from, to, partial: false, aiMinutes: 0, aiSeconds: 0, sessions: 0 }, granularity);

test.each<[AiUsageGranularity, string, string]>([
  ['MONTH', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'],
  ['MONTH', '2026-03-01T00:00:00+01:00', '2026-04-01T00:00:00+02:00'],
  ['WEEK', '2026-03-23T00:00:00+01:00', '2026-03-30T00:00:00+02:00'],
  ['DAY', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00'],
  ['HOUR', '2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z'],
  ['QUARTER_HOUR', '2026-03-29T00:15:00Z', '2026-03-29T00:30:00Z'],
])('a whole %s is not cut (%s)', (granularity, from, to) => {
  expect(cut(granularity, from, to)).toBe(false);
});

test.each<[AiUsageGranularity, string, string]>([
  ['MONTH', '2026-03-02T00:00:00Z', '2026-04-01T00:00:00Z'],
  ['MONTH', '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'],
  ['MONTH', '2026-03-01T00:00:00Z', '2026-04-01T10:00:00Z'],
  ['WEEK', '2026-03-24T00:00:00Z', '2026-03-30T00:00:00Z'],
  ['WEEK', '2026-03-23T00:00:00Z', '2026-03-29T00:00:00Z'],
  ['WEEK', '2026-03-23T10:00:00Z', '2026-03-30T00:00:00Z'],
  ['DAY', '2026-03-29T10:00:00Z', '2026-03-30T00:00:00Z'],
  ['HOUR', '2026-03-29T00:50:00Z', '2026-03-29T01:00:00Z'],
  ['QUARTER_HOUR', '2026-03-29T00:20:00Z', '2026-03-29T00:30:00Z'],
])('a part of a %s is cut (%s to %s)', (granularity, from, to) => {
  expect(cut(granularity, from, to)).toBe(true);
});
