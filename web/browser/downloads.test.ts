import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { visitSignedIn } from './browser.ts';

const gateway = inject('gateway');

async function open(path: string) {
  const visited = await visitSignedIn(gateway);
  await visited.page.goto(path);
  await visited.page.locator('.uplot').waitFor();
  return visited;
}

// download chooses a file of the menu and returns its name and content.
async function download(page: Page, name: string) {
  await page.getByRole('button', { name: 'Download' }).click();
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name, exact: true }).click()]);
  return { name: saved.suggestedFilename(), text: readFileSync(await saved.path(), 'utf8') };
}

const digits = (text: string) => Number(text.replaceAll(/\D/g, ''));

// tableRows are the names and minutes of the rows of the page.
async function tableRows(page: Page) {
  const rows = page.locator('.table-panel tbody tr:not([aria-hidden])');
  await rows.first().waitFor(); // the table comes after the chart
  return rows.evaluateAll((found) => found.map((row) => [row.querySelector('a')!.getAttribute('href')!.split(/[?/]/).at(-2)!, row.querySelectorAll('td')[1]!.textContent ?? '']));
}

test('a download has the rows that are shown, in their order and under a name of their range and zone', async () => {
  const { page, expectAccessible } = await open('/?from=2026-01-01&to=2026-12-31&zone=America%2FNew_York');
  const shown = await tableRows(page);
  await page.getByRole('button', { name: 'Download' }).click();
  // React Aria hides the rest of the page from screen readers while a menu is open, which keeps the focus.
  await expectAccessible('the menu of downloads', { rules: { 'aria-hidden-focus': { enabled: false } } });
  await page.keyboard.press('Escape');
  const json = await download(page, 'JSON');
  expect(json.name).toBe('ai-usage_2026-01-01_2026-12-31_America-New_York.json');
  const rows = JSON.parse(json.text) as { accountId: string; accountName: string; aiMinutes: number }[];
  expect(shown.length).toBeGreaterThan(3);
  expect(rows.map(({ accountId, aiMinutes }) => [accountId, aiMinutes]).slice(0, shown.length)).toEqual(shown.map(([id, minutes]) => [id, digits(minutes!)]));
  expect(rows.every((row) => row.accountName.startsWith('Sample '))).toBe(true);
  const csv = await download(page, 'CSV');
  expect(csv.name).toBe('ai-usage_2026-01-01_2026-12-31_America-New_York.csv');
  const lines = csv.text.trimEnd().split('\n');
  expect(lines[0]).toBe('accountId,accountName,aiMinutes,aiSeconds,sessions,previousAiMinutes,previousAiSeconds,previousSessions');
  expect(lines.length).toBe(rows.length + 1);
  expect((await download(page, 'CSV for spreadsheets')).text).toBe(csv.text); // there is nothing to defuse
  expect(new URL(page.url()).pathname).toBe('/');
});

test('what is searched for is downloaded in the order of the page, with what it is compared with', async () => {
  const { page } = await open('/?from=2026-01-01&to=2026-12-31&zone=Asia%2FKolkata&sort=change&search=ACC-0');
  const shown = await tableRows(page);
  const file = await download(page, 'JSON');
  expect(file.name).toBe('ai-usage_2026-01-01_2026-12-31_Asia-Kolkata_search-ACC-0.json');
  const rows = JSON.parse(file.text) as { accountId: string; aiMinutes: number; previousAiMinutes: number }[];
  expect(shown.length).toBeGreaterThan(3);
  expect(rows.map(({ accountId, aiMinutes }) => [accountId, aiMinutes])).toEqual(shown.map(([id, minutes]) => [id, digits(minutes!)]));
  const changes = rows.map(({ aiMinutes, previousAiMinutes }) => aiMinutes - previousAiMinutes);
  expect(changes).toEqual([...changes].sort((a, b) => a - b));
});

test('of an account its customers are downloaded, and of a customer the points of the chart', async () => {
  const { page } = await open('/accounts/sample-acc-01?period=LAST_MONTH&zone=UTC');
  const [first] = await tableRows(page);
  const customers = JSON.parse((await download(page, 'JSON')).text) as { accountId: string; customerId: string; aiMinutes: number }[];
  const largest = customers.find(({ customerId }) => customerId === first![0]);
  expect(largest?.aiMinutes).toBe(digits(first![1]!));
  expect(customers.every(({ accountId }) => accountId === 'sample-acc-01')).toBe(true);
  await page.goto(`/accounts/sample-acc-01/customers/${first![0]}?period=LAST_MONTH&zone=UTC`);
  await page.locator('.uplot').waitFor();
  const points = JSON.parse((await download(page, 'JSON')).text) as { from: string; aiMinutes: number }[];
  expect(points.length).toBeGreaterThan(27);
  expect(points.reduce((sum, { aiMinutes }) => sum + aiMinutes, 0)).toBe(largest!.aiMinutes);
});

test('a system administrator gets what the old operation answers for the range', async () => {
  const { page } = await open('/?period=LAST_MONTH&zone=Asia%2FKolkata');
  const rows = JSON.parse((await download(page, 'JSON')).text) as { accountId: string; aiMinutes: number }[];
  const xml = await download(page, 'XML of the old operation');
  expect(xml.name).toBe('ai-usage.xml');
  const answered = [...xml.text.matchAll(/<AIAccountUsage><AIMinutes>(\d+)<\/AIMinutes><AccountId>([^<]*)<\/AccountId><\/AIAccountUsage>/g)];
  expect(answered.length).toBeGreaterThan(3);
  expect(new Map(answered.map(([, minutes, id]) => [id, Number(minutes)]))).toEqual(new Map(rows.map(({ accountId, aiMinutes }) => [accountId, aiMinutes])));
});
