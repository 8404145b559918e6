import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type Gateway } from './gateway.ts';
import { signIn, visit } from './browser.ts';

// A gateway of its own, because these tests change what there is.
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.remove());

const sessions = (id: string, seconds: number) => `session_id,account_id,customer_id,started_at,duration_seconds\n${id},sample-acc-01,,${new Date().toISOString()},${seconds}\n`;

const digits = (text: string) => Number(text.replaceAll(/\D/g, ''));

test('figures follow an import, in one stream, and again after the gateway has been away', async () => {
  const { page, requests } = await visit(gateway.url);
  await page.goto('/?period=TODAY&zone=UTC');
  await signIn(page, gateway.name, gateway.password);
  await page.getByText('Live', { exact: true }).waitFor();
  const minutes = page.getByRole('region', { name: 'AI minutes', exact: true }).locator('.card-value');
  const row = page.getByRole('row', { name: /Sample Harbor Dental/ }).locator('td').nth(1);
  const [before, ofAccount] = [digits(await minutes.innerText()), digits(await row.innerText())];
  await gateway.command(['import', '-'], sessions('browser-1', 61));
  await expect.poll(async () => digits(await minutes.innerText()), { timeout: 20_000 }).toBe(before + 2);
  await expect.poll(async () => digits(await row.innerText())).toBe(ofAccount + 2);
  expect(await page.evaluate(() => performance.getEntriesByType('navigation').length)).toBe(1);

  await gateway.stop();
  await page.getByText('Reconnecting…').waitFor();
  expect(digits(await minutes.innerText()), 'what was shown stays').toBe(before + 2);
  await gateway.start();
  await gateway.command(['import', '-'], sessions('browser-2', 1));
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  await expect.poll(async () => digits(await minutes.innerText()), { timeout: 30_000 }).toBe(before + 3);
  expect(requests.filter((path) => !/^\/(assets|graphql|sign-in|auth)/.test(path) && path !== '/')).toEqual([]);
});

test('an administrator of one account starts on it and sees no other', async () => {
  await gateway.command(['user', 'add', 'ann', '--role', 'AccountAdministrator', '--account', 'sample-acc-02'], 'three unrelated words 7\n');
  const { page } = await visit(gateway.url);
  await page.goto('/');
  await signIn(page, 'ann', 'three unrelated words 7');
  await page.waitForURL(/\/accounts\/sample-acc-02\?/);
  await page.locator('.uplot').waitFor();
  await page.goto('/accounts/sample-acc-01');
  await page.getByRole('alert').getByText('You may not see this.').waitFor();
});
