import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { visitSignedIn } from './browser.ts';

const gateway = inject('gateway');

async function openUsage(path = '/', options = {}) {
  const visited = await visitSignedIn(gateway, options);
  await visited.page.goto(path);
  await visited.page.locator('.uplot').waitFor();
  return visited;
}

// ask asks the API with the page's session.
async function ask<T>(page: Page, query: string): Promise<T> {
  const text = await page.evaluate(async (body) => (await fetch('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).text(), JSON.stringify({ query }));
  return (JSON.parse(text) as { data: T }).data;
}

const digits = (text: string | null) => Number((text ?? '').replaceAll(/\D/g, ''));
const cell = (page: Page, name: string, column: number) => page.getByRole('row', { name: new RegExp(name) }).locator('td').nth(column);

const lastMonth = 'aiUsage(period: LAST_MONTH, timeZone: "America/New_York")';

test('figures are those of the API to the digit, in the range and zone that were chosen', async () => {
  const { page } = await openUsage('/?period=LAST_MONTH&zone=America%2FNew_York');
  const { aiUsage } = await ask<{ aiUsage: Report }>(page, `{${lastMonth} {
    totals { aiMinutes aiSeconds sessions }
    series(granularity: DAY) { aiMinutes }
    accountUsageConnection(first: 100, orderBy: {field: AI_MINUTES, direction: DESC}) { totalCount nodes { accountId aiMinutes aiSeconds sessions share } } } }`);
  expect(digits(await page.getByRole('region', { name: 'AI minutes', exact: true }).locator('.card-value').innerText())).toBe(aiUsage.totals.aiMinutes);
  expect(digits(await page.getByRole('region', { name: 'AI seconds', exact: true }).locator('.card-value').innerText())).toBe(aiUsage.totals.aiSeconds);
  expect(digits(await page.getByRole('region', { name: 'Sessions', exact: true }).locator('.card-value').innerText())).toBe(aiUsage.totals.sessions);
  for (const row of aiUsage.accountUsageConnection.nodes.slice(0, 8)) {
    expect(digits(await cell(page, row.accountId, 1).innerText())).toBe(row.aiMinutes);
    expect(digits(await cell(page, row.accountId, 2).innerText())).toBe(row.aiSeconds);
    expect(digits(await cell(page, row.accountId, 3).innerText())).toBe(row.sessions);
    expect(await cell(page, row.accountId, 4).innerText()).toBe(`${(row.share * 100).toFixed(1)}%`);
  }
  await page.getByRole('button', { name: 'Show as table' }).click();
  const twin = page.getByRole('region', { name: /as a table/ });
  const totals = await twin.locator('tbody tr td:nth-child(2)').allInnerTexts();
  expect(totals.map(digits)).toEqual(aiUsage.series.map(({ aiMinutes }) => aiMinutes));
  const layers = await twin.locator('tbody tr').first().locator('td').allInnerTexts();
  expect(layers.slice(1).map(digits).reduce((a, b) => a + b)).toBe(aiUsage.series[0]!.aiMinutes);
});

interface Report {
  totals: { aiMinutes: number; aiSeconds: number; sessions: number };
  series: { aiMinutes: number }[];
  accountUsageConnection: { totalCount: number; nodes: { accountId: string; aiMinutes: number; aiSeconds: number; sessions: number; share: number }[] };
}

test('every choice is in the address, and the way back undoes it', async () => {
  const { page } = await openUsage();
  await page.waitForURL('/?period=LAST_30_DAYS&zone=Europe%2FBerlin');
  await page.getByRole('button', { name: /^Range/ }).click();
  await page.getByRole('option', { name: 'Last month' }).click();
  await page.waitForURL(/period=LAST_MONTH/);
  await page.getByRole('combobox', { name: 'Time zone' }).click();
  await page.getByRole('combobox', { name: 'Time zone' }).fill('kyiv');
  await page.getByRole('option', { name: 'Europe/Kiev' }).waitFor();
  await page.keyboard.press('ArrowDown'); // the list may still be moving under a pointer
  await page.keyboard.press('Enter');
  await page.waitForURL(/zone=Europe%2FKiev/);
  await page.getByText('Days in Europe/Kiev').waitFor();
  await page.getByRole('radio', { name: 'Sessions' }).click();
  await page.waitForURL(/measure=sessions/);
  await page.getByRole('radio', { name: 'Week' }).click();
  await page.waitForURL(/by=week/);
  await page.getByRole('columnheader', { name: 'Seconds' }).getByRole('button').click();
  await page.waitForURL(/sort=-seconds/);
  const address = page.url();
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes('sort'));
  await page.goto(address);
  await page.getByRole('region', { name: /Sessions by week/ }).waitFor();
  expect(await page.getByRole('columnheader', { name: 'Seconds' }).getAttribute('aria-sort')).toBe('descending');
  expect(page.url()).toBe(address);
});

// rowIds are the ids of the rows that are shown, in their order.
async function rowIds(page: Page) {
  const links = page.locator('.table-panel tbody tr:not([aria-hidden]) a');
  await links.first().waitFor(); // the table comes after the chart
  return links.evaluateAll((found) => found.map((link) => link.getAttribute('href')!.split(/[?/]/)[2]));
}

const comparedAccounts = 'include: BOTH, compare: {elapsed: true}';

test('rows are in the order of the gateway, by every column, and those that stopped are among them', async () => {
  const { page } = await openUsage('/?period=THIS_WEEK&zone=UTC&measure=sessions');
  const columns = [
    ['Minutes', 'AI_MINUTES'], ['Seconds', 'AI_SECONDS'], ['Sessions', 'SESSIONS'], ['Share', 'SHARE'], ['Before', 'PREVIOUS'], ['Change', 'CHANGE'], ['Change, %', 'CHANGE_RELATIVE'],
    ['Account', 'NAME'],
  ] as const;
  for (const [column, field] of columns) {
    const header = page.getByRole('columnheader', { name: column, exact: true });
    for (const direction of ['descending', 'ascending'] as const) {
      while ((await header.getAttribute('aria-sort')) !== direction) await header.getByRole('button').click();
      const { aiUsage } = await ask<{ aiUsage: { accountUsageConnection: { nodes: { accountId: string }[] } } }>(page, `{aiUsage(period: THIS_WEEK, timeZone: "UTC") {
        accountUsageConnection(first: 50, ${comparedAccounts}, orderBy: {field: ${field}, direction: ${direction === 'ascending' ? 'ASC' : 'DESC'}, measure: SESSIONS}) { nodes { accountId } } } }`);
      const want = aiUsage.accountUsageConnection.nodes.map(({ accountId }) => accountId);
      expect(want.length).toBeGreaterThan(10);
      await expect.poll(() => rowIds(page), { message: `${column}, ${direction}` }).toEqual(want.slice(0, (await rowIds(page)).length));
    }
  }
});

test('what a row had before, and how it changed, are those of the API', async () => {
  const { page } = await openUsage('/?period=THIS_MONTH&zone=UTC');
  const { aiUsage } = await ask<{ aiUsage: { previous: { to: string }; accountUsage: { accountId: string; minutes: number; previous: { aiMinutes: number } }[] } }>(page,
    `{aiUsage(period: THIS_MONTH, timeZone: "UTC") { previous(elapsed: true) { to } accountUsage(${comparedAccounts}) { accountId minutes previous(elapsed: true) { aiMinutes } } } }`);
  // The part of the month before that has elapsed grows meanwhile, but nobody used anything in these seconds.
  for (const row of aiUsage.accountUsage.slice(0, 6)) {
    expect(digits(await cell(page, row.accountId, 5).innerText())).toBe(row.previous.aiMinutes);
    expect(Number((await cell(page, row.accountId, 6).innerText()).replaceAll(',', ''))).toBe(row.minutes - row.previous.aiMinutes);
  }
});

test('rows are searched for on the gateway, and Escape ends it', async () => {
  const { page, expectAccessible } = await openUsage('/?period=LAST_MONTH&zone=UTC');
  const all = (await rowIds(page)).length;
  const { aiUsage } = await ask<{ aiUsage: { accountUsage: { accountId: string }[] } }>(page, `{aiUsage(period: LAST_MONTH, timeZone: "UTC") {
    accountUsage(filter: {search: "mapl"}, ${comparedAccounts}) { accountId } } }`);
  const found = aiUsage.accountUsage.map(({ accountId }) => accountId).sort();
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThan(all);
  const search = page.getByRole('searchbox', { name: 'Search accounts' });
  await search.fill('mapl');
  await page.waitForURL(/search=mapl/);
  await expect.poll(async () => (await rowIds(page)).sort()).toEqual(found);
  const address = page.url();
  await search.fill('of this name there is none');
  await page.getByText('No account with usage here has “of this name there is none”').waitFor();
  await expectAccessible('nothing found');
  await page.goto(address);
  await expect.poll(async () => (await rowIds(page)).sort()).toEqual(found);
  expect(await search.inputValue()).toBe('mapl');
  await search.press('Escape');
  await page.waitForURL((url) => !url.searchParams.has('search'));
  await expect.poll(async () => (await rowIds(page)).length).toBe(all);
});

test('sessions without a customer are a row of their own', async () => {
  const { page } = await openUsage('/accounts/sample-acc-01?period=LAST_MONTH&zone=UTC');
  const { aiUsage } = await ask<{ aiUsage: { accountUsage: { withoutCustomer: { aiMinutes: number } }[] } }>(page,
    '{aiUsage(period: LAST_MONTH, accountId: "sample-acc-01") { accountUsage { withoutCustomer { aiMinutes } } } }');
  const minutes = aiUsage.accountUsage[0]!.withoutCustomer.aiMinutes;
  expect(minutes).toBeGreaterThan(0);
  await expect.poll(async () => digits(await cell(page, 'Without a customer', 1).innerText())).toBe(minutes);
});

test('drilling down: an account, its customers, one of them, and a bar', async () => {
  const { page, expectAccessible } = await openUsage('/?period=LAST_MONTH&zone=UTC');
  await page.getByRole('link', { name: 'Sample Harbor Dental' }).click();
  await page.waitForURL('/accounts/sample-acc-01?period=LAST_MONTH&zone=UTC');
  await page.getByRole('region', { name: 'Customers', exact: true }).first().waitFor();
  const { aiUsage } = await ask<{ aiUsage: { totals: { aiMinutes: number }; customerUsageConnection: { nodes: { customerId: string; aiMinutes: number }[] } } }>(page,
    '{aiUsage(period: LAST_MONTH, accountId: "sample-acc-01") { totals { aiMinutes } customerUsageConnection(first: 1, orderBy: {field: AI_MINUTES, direction: DESC}) { nodes { customerId aiMinutes } } } }');
  const minutes = page.getByRole('region', { name: 'AI minutes', exact: true }).locator('.card-value');
  await expect.poll(async () => digits(await minutes.innerText())).toBe(aiUsage.totals.aiMinutes);
  await expectAccessible('an account');
  const [largest] = aiUsage.customerUsageConnection.nodes;
  await page.locator(`a[href*="/customers/${largest!.customerId}?"]`).click();
  await page.waitForURL(`/accounts/sample-acc-01/customers/${largest!.customerId}?period=LAST_MONTH&zone=UTC`);
  await expect.poll(async () => digits(await minutes.innerText())).toBe(largest!.aiMinutes);
  await expectAccessible('a customer');
  await page.getByRole('slider').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForURL(/from=\d{4}-\d\d-01&to=\d{4}-\d\d-01&/);
});

test('the keyboard alone is enough: range, figures of the chart, an account', async () => {
  const { page } = await openUsage('/?period=LAST_7_DAYS&zone=UTC');
  const focused = () => page.evaluate(() => {
    const { activeElement: at } = document;
    return at?.getAttribute('aria-label') ?? `${at?.tagName} ${at?.textContent}`;
  });
  const tabTo = async (name: RegExp) => {
    for (let i = 0; i < 60 && !name.test(await focused()); i++) await page.keyboard.press('Tab');
    expect(await focused()).toMatch(name);
  };
  await tabTo(/^Range/);
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'Last 7 days' }).waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/period=THIS_YEAR/);
  await page.locator('.uplot').waitFor();
  await tabTo(/^AI minutes by week/);
  await page.keyboard.press('End');
  expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/\(until \d\d:\d\d\): [\d,]+ AI minutes; Sample/);
  await tabTo(/^A Sample Harbor Dental$/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/accounts\/sample-acc-01/);
});

test('a range without usage says where there is some', async () => {
  const { page, expectAccessible } = await visitSignedIn(gateway);
  await page.goto('/?from=1999-01-01&to=1999-01-31&zone=UTC');
  await page.getByText('No usage in this range.').waitFor();
  await page.getByRole('link', { name: 'Show it' }).waitFor();
  await expectAccessible('no usage');
  await page.getByRole('link', { name: 'Show it' }).click();
  await page.locator('.uplot').waitFor();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
    test(`axe finds nothing serious on the usage page (${colorScheme}, ${viewport.width})`, async () => {
      const { page, expectAccessible } = await openUsage('/', { colorScheme, viewport });
      await expectAccessible('usage');
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), 'no scrolling sideways').toBe(true);
      await page.getByRole('button', { name: /^Range/ }).click();
      await page.getByRole('grid').waitFor();
      await expectAccessible('usage, with the calendar');
      await page.keyboard.press('Escape');
      await page.getByRole('combobox', { name: 'Time zone' }).click();
      await page.getByRole('option').first().waitFor();
      // React Aria hides the rest of the page from screen readers while the list is open; Tab closes it.
      await expectAccessible('usage, with the zones', { rules: { 'aria-hidden-focus': { enabled: false } } });
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Show as table' }).click();
      await expectAccessible('usage, with the chart as a table');
    });
  }
}

test('a theme that was chosen stays, also before anything is drawn', async () => {
  const { page } = await openUsage('/', { colorScheme: 'light' });
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await page.reload({ waitUntil: 'commit' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe('rgb(14, 17, 21)');
});

test('the page is printed on one sheet, on white, whatever the theme', async () => {
  const { page } = await openUsage('/?period=THIS_MONTH&zone=UTC', { colorScheme: 'dark' });
  await page.locator('.table-panel tbody tr').first().waitFor();
  const sheets = (await page.pdf({ format: 'A4', margin: { top: '10mm', bottom: '10mm', left: '10mm', right: '10mm' } })).toString('latin1');
  expect(sheets.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
  await page.emulateMedia({ media: 'print' });
  // The corner of the canvas is not painted, so the paper is that of the page behind it.
  expect(await page.evaluate(() => getComputedStyle(document.querySelector('.chart-panel')!).backgroundColor)).toBe('rgb(255, 255, 255)');
});

test('a bar opens its span, down to the quarters of an hour, and its twin does so, too', async () => {
  const { page } = await openUsage('/?period=YESTERDAY&zone=UTC');
  await page.getByRole('region', { name: /^AI minutes by hour/ }).waitFor();
  await page.getByRole('slider').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.waitForURL(/from=[^&]+T22%3A00%3A00/);
  const empty = page.getByText('No usage in this range.');
  await page.getByRole('region', { name: /^AI minutes by quarter of an hour/ }).or(empty).waitFor();
  // A Wednesday some weeks ago and the ten days after it.
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const wednesday = -21 + ((3 - new Date().getUTCDay() + 7) % 7);
  await page.goto(`/?from=${day(wednesday)}&to=${day(wednesday + 10)}&zone=UTC&by=week`);
  await page.getByRole('region', { name: /^AI minutes by week/ }).waitFor();
  await page.getByRole('button', { name: 'Show as table' }).click();
  const twin = page.getByRole('region', { name: /as a table/ });
  expect(await twin.locator('tbody tr').first().innerText()).toContain('part of a week');
  await twin.getByRole('button').first().click();
  await page.waitForURL((url) => url.searchParams.get('from') === day(wednesday) && url.searchParams.get('to') === day(wednesday + 4));
});
