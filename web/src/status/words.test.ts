import { expect, test } from 'vitest';
import { phaseInWords, summaryOf, waitingInWords } from './words';
import type { Status } from './status';

const ready: Status = {
  reads: 'rollups', phase: 'ready', distrusted: false, calendars: [], undatedSessions: 0, pendingChanges: 0, lagSeconds: 0,
  database: 'MySQL', version: 'v1', streams: 0, started: '2026-03-01T00:00:00Z', asOf: '2026-03-01T00:00:00Z',
};

test.each<[Partial<Status>, string, RegExp]>([
  [{}, 'good', /Reports read sums/],
  [{ stuck: 'no change has been folded for a minute' }, 'bad', /get slower no change has been folded for a minute\./],
  [{ reads: 'sessions', phase: 'filling' }, 'fair', /single sessions That lasts until/],
  [{ reads: 'former rollups', phase: 'filling' }, 'fair', /earlier version/],
  [{ reads: 'sessions', phase: 'raw', reason: 'the engine has no triggers' }, 'fair', /take longer .*: the engine has no triggers\./],
  [{ reads: 'sessions', phase: 'filling', distrusted: true, reason: 'March differs' }, 'bad', /differ from the sessions: March differs\. They are not read/],
])('%j is %s', (change, health, words) => {
  const summary = summaryOf({ ...ready, ...change });
  expect(summary.health).toBe(health);
  expect(`${summary.title} ${summary.text}`).toMatch(words);
});

test('what waits is said with how long', () => {
  expect([[0, 90], [1, 3], [5, 600], [5, 9000]].map(([pending, lag]) => waitingInWords(pending!, lag!)))
    .toEqual(['None', '1, the oldest for 3 s', '5, the oldest for 10 minutes', '5, the oldest for 3 hours']);
});

test('a phase that is not known is said as it is', () => {
  expect(phaseInWords('resting')).toBe('resting');
});
