import { expect, test } from 'vitest';
import type { View } from '../routing/view';
import { exportAddress, oldAddress } from './export-address';

const view: View = {
  range: { period: 'LAST_MONTH' }, zone: 'Europe/Berlin', measure: 'AI_MINUTES', granularity: undefined, order: { field: 'AI_SECONDS', descending: true }, search: '',
};

test('accounts of a period, for a spreadsheet', () => {
  expect(exportAddress({}, view, 'DAY', 'spreadsheet'))
    .toBe('/export/usage.csv?period=LAST_MONTH&timeZone=Europe%2FBerlin&level=account&names=1&previous=1&elapsed=1&include=both&order=ai_seconds&direction=desc&spreadsheet=1');
});

test('customers of an account between two days', () => {
  expect(exportAddress({ accountId: 'a&b' }, { ...view, range: { from: '2026-03-01', to: '2026-03-31' } }, 'DAY', 'csv'))
    .toBe('/export/usage.csv?accountId=a%26b&startDate=2026-03-01&endDate=2026-03-31&timeZone=Europe%2FBerlin&level=customer&names=1&previous=1&elapsed=1&include=both&order=ai_seconds&direction=desc');
});

test('what is searched for, in another order', () => {
  expect(exportAddress({}, { ...view, measure: 'SESSIONS', order: { field: 'CHANGE_RELATIVE', descending: false }, search: 'a&b' }, 'DAY', 'json'))
    .toBe('/export/usage.json?period=LAST_MONTH&timeZone=Europe%2FBerlin&level=account&names=1&previous=1&elapsed=1&include=both&search=a%26b&order=change_relative&direction=asc&measure=sessions');
});

test('a customer over time', () => {
  expect(exportAddress({ accountId: 'a', customerId: 'c' }, view, 'WEEK', 'json'))
    .toBe('/export/usage.json?accountId=a&customerId=c&period=LAST_MONTH&timeZone=Europe%2FBerlin&level=customer&names=1&granularity=WEEK');
});

test('the old operation between two instants', () => {
  expect(oldAddress({ accountId: 'a&b', customerId: 'c d' }, { from: '2026-03-01T00:00:00+01:00', to: '2026-04-01T00:00:00+02:00' }))
    .toBe('/ai/usage.xml?AccountId=a%26b&CustomerId=c+d&StartDate=2026-03-01T00%3A00%3A00%2B01%3A00&EndDate=2026-04-01T00%3A00%3A00%2B02%3A00');
  expect(oldAddress({}, { from: '1', to: '2' })).toBe('/ai/usage.xml?StartDate=1&EndDate=2');
});
