import { expect, test } from 'vitest';
import { layersOf, pastPoints, stacked, type Point } from './stack';

const point = (day: number, aiMinutes: number): Point => ({
  from: `2026-03-0${day}T00:00:00Z`, to: `2026-03-0${day + 1}T00:00:00Z`, partial: false, aiMinutes, aiSeconds: aiMinutes * 60, sessions: 1,
});

test('layers add up to the whole, with the rest as the last', () => {
  const layers = layersOf([point(1, 10), point(2, 4)], [{ id: 'a', name: 'A', points: [point(1, 7), point(2, 0)] }, { id: 'b', name: 'B', points: [point(1, 1), point(2, 1)] }], 'AI_MINUTES', 'Other');
  expect(layers.map(({ name, values }) => [name, ...values])).toEqual([['A', 7, 0], ['B', 1, 1], ['Other', 2, 3]]);
  expect(stacked(layers)).toEqual([[7, 0], [8, 1], [10, 4]]);
});

test('without a rest there is no layer for it, and without parts one for all', () => {
  const whole = [point(1, 10)];
  expect(layersOf(whole, [{ id: 'a', name: 'A', points: whole }], 'AI_SECONDS', 'Other').map(({ name }) => name)).toEqual(['A']);
  expect(layersOf(whole, [], 'AI_MINUTES', 'All')).toMatchObject([{ name: 'All', values: [10], isRest: false, color: 0 }]);
});

test('points to come are left out, and the one that is going is not', () => {
  expect(pastPoints([point(1, 1), point(2, 1), point(3, 0)], '2026-03-02T12:00:00Z')).toHaveLength(2);
});
