import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Status } from '../src/status/status.ts';
import { signIn, visit, visitSignedIn } from './browser.ts';
import { startGateway, type Gateway } from './gateway.ts';

const shared = inject('gateway');

test.each(['light', 'dark'] as const)('the status is that of the command line, in words (%s)', async (colorScheme) => {
  const { page, expectAccessible } = await visitSignedIn(shared, { colorScheme });
  await page.goto('/status');
  const told = await page.evaluate(async () => (await (await fetch('/status.json')).json()) as Status);
  expect(told.database).toContain('Dolt');
  await page.getByRole('region', { name: 'This gateway' }).getByText(told.database).waitFor();
  await page.getByRole('region', { name: 'Sums' }).getByText('Raw: there are no sums').waitFor();
  await expectAccessible('the status');
  const guide = page.getByRole('link', { name: /What sums are/ });
  const text = await page.evaluate(async (href) => (await fetch(href)).text(), (await guide.getAttribute('href'))!);
  expect(text).toMatch(/^# /);
  expect(await page.getByRole('link', { name: 'Status', exact: true }).getAttribute('aria-current')).toBe('page');
});

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.remove());

test('the status has all that rollup status has', async () => {
  const { page } = await visitSignedIn(gateway);
  await page.goto('/status');
  await page.locator('.status-summary').waitFor();
  const told = await page.evaluate(async () => (await (await fetch('/status.json')).json()) as Record<string, unknown>);
  const printed = JSON.parse(await gateway.command(['rollup', 'status', '--format', 'json'])) as Record<string, unknown>;
  expect(Object.keys(printed).length).toBeGreaterThan(5);
  expect(told).toMatchObject(printed);
});

test('an administrator of accounts is refused in words, and has no link', async () => {
  await gateway.command(['user', 'add', 'ann', '--role', 'AccountAdministrator', '--account', 'sample-acc-02'], 'three unrelated words 7\n');
  const { page, expectAccessible } = await visit(gateway.url);
  await page.goto('/status');
  await signIn(page, 'ann', 'three unrelated words 7');
  await page.getByText('This page is for system administrators.').waitFor();
  await page.getByRole('button', { name: 'Signed in as ann' }).waitFor();
  expect(await page.getByRole('link', { name: 'Status', exact: true }).count()).toBe(0);
  await expectAccessible('the refusal');
});
