import { expect, test } from 'vitest';
import type { View } from '../routing/view';
import { exportAddress } from './export-address';

const view: View = {
  range: { period: 'LAST_MONTH' }, zone: 'Europe/Berlin', measure: 'AI_MINUTES', granularity: undefined, order: { field: 'AI_SECONDS', descending: true }, search: '',
};

test('accounts of a period, for a spreadsheet', () => {
  expect(exportAddress({}, view, 'DAY', 'spreadsheet'))
    .toBe('/export/usage.csv?period=LAST_MONTH&timeZone=Europe%2FBerlin&level=account&names=1&order=seconds&spreadsheet=1');
});

test('customers of an account between two days', () => {
  expect(exportAddress({ accountId: 'a&b' }, { ...view, range: { from: '2026-03-01', to: '2026-03-31' } }, 'DAY', 'csv'))
    .toBe('/export/usage.csv?accountId=a%26b&startDate=2026-03-01&endDate=2026-03-31&timeZone=Europe%2FBerlin&level=customer&names=1&order=seconds');
});

test('a customer over time', () => {
  expect(exportAddress({ accountId: 'a', customerId: 'c' }, view, 'WEEK', 'json'))
    .toBe('/export/usage.json?accountId=a&customerId=c&period=LAST_MONTH&timeZone=Europe%2FBerlin&level=customer&names=1&granularity=WEEK');
});
