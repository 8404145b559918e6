import { expect, test } from 'vitest';
import links from '../../../mcp/testdata/links.json';
import { accountPath, customerPath, placeOf } from './place';
import { readView, withMeasure, writeView, type View } from './view';

test.each(['acc-1', 'a/b', '.', '..', '~', '~.', '%2F', 'ü ?#&', 'a%2e', '...'])('the address of an account %j leads back to it', (id) => {
  const url = new URL(accountPath(id), 'https://usage.example');
  expect(placeOf(url.pathname)).toEqual({ page: 'account', accountId: id });
  expect(placeOf(new URL(customerPath(id, id), 'https://usage.example').pathname)).toEqual({ page: 'customer', accountId: id, customerId: id });
});

test.each(['/accounts', '/accounts/', '/accounts/a/customers', '/accounts/a/customers/', '/accounts/a/x/b', '/accounts/a/customers/b/c', '/x', '/accounts/%'])('%s is no page', (path) => {
  expect(placeOf(path).page).toBe('nowhere');
});

test('a view is read as it was written', () => {
  const views: View[] = [
    { range: { period: 'THIS_MONTH' }, zone: 'Europe/Berlin', measure: 'SESSIONS', granularity: 'WEEK', order: { field: 'ID', descending: false }, search: '' },
    { range: { from: '2026-03-01', to: '2026-03-31' }, zone: 'UTC', measure: 'AI_MINUTES', granularity: undefined, order: { field: 'AI_SECONDS', descending: true }, search: ' a&b=ü ' },
    { range: { from: '2026-03-01T10:00:00+01:00', to: '2026-03-01T11:00:00+01:00' }, zone: 'UTC', measure: 'AI_SECONDS', granularity: 'HOUR', order: { field: 'AI_SECONDS', descending: false }, search: '' },
  ];
  for (const view of views) expect(readView(writeView(view), 'Asia/Tokyo')).toEqual(view);
});

test('what cannot be read is as if it were not there', () => {
  expect(readView('?period=EVER&zone=&measure=constructor&by=toString&sort=-x&from=yesterday', 'Asia/Tokyo')).toEqual({
    range: { period: 'LAST_30_DAYS' }, zone: 'Asia/Tokyo', measure: 'AI_MINUTES', granularity: undefined, order: { field: 'AI_MINUTES', descending: true }, search: '',
  });
});

test('rows that were ordered by the measure are ordered by the next', () => {
  const view = readView('', 'UTC');
  expect(withMeasure(view, 'SESSIONS').order.field).toBe('SESSIONS');
  expect(withMeasure({ ...view, order: { field: 'ID', descending: false }, search: '' }, 'SESSIONS').order.field).toBe('ID');
});

test.each(links)('the link of a tool, $link, is read as what it is to show', ({ link, place, view }) => {
  const url = new URL(link);
  expect(placeOf(url.pathname)).toEqual(place);
  expect(readView(url.search, 'Asia/Tokyo')).toEqual({ measure: 'AI_MINUTES', granularity: undefined, ...view });
});
