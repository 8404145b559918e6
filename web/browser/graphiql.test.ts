import { expect, inject, test } from 'vitest';
import { examples } from '../src/graphiql/examples.ts';
import { visitSignedIn } from './browser.ts';

const gateway = inject('gateway');

async function openSignedIn(options = {}) {
  const visited = await visitSignedIn(gateway, options);
  await visited.page.goto('/graphiql');
  // Its first lines are those of an editor that has no document yet.
  await visited.page.locator('.graphiql-query-editor .view-line', { hasText: 'aiUsage' }).first().waitFor();
  return visited;
}

const answer = '.result-window .view-lines';

test('GraphiQL runs each example, and its subscription', async () => {
  const { page } = await openSignedIn();
  for (const { name } of examples) {
    await page.getByRole('button', { name: 'Examples' }).click();
    await page.getByRole('menuitem', { name }).click();
    await page.getByRole('button', { name: /Execute query/ }).click();
    await expect.poll(() => page.locator(answer).innerText(), { timeout: 20_000 }).toMatch(/"data":[^]*"aiUsage/);
    expect(await page.locator(answer).innerText()).not.toContain('"errors"');
  }
});

test.each(['light', 'dark'] as const)('GraphiQL keeps its policy, with completion, hover, find and settings (%s)', async (colorScheme) => {
  const { page, expectAccessible } = await openSignedIn({ colorScheme });
  await page.getByRole('button', { name: /Execute query/ }).click();
  await expect.poll(() => page.locator(answer).innerText()).toContain('"data"');
  await page.locator('.graphiql-query-editor .view-line span', { hasText: /^accountUsageConnection$/ }).last().hover();
  await page.locator('.graphiql-query-editor .monaco-hover', { hasText: 'page by page' }).waitFor();
  await page.mouse.move(5, 5);
  await page.locator('.graphiql-query-editor .view-line').last().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('\n{ aiU');
  await page.keyboard.press('Control+Space');
  await page.locator('.suggest-widget .monaco-list-row').first().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+F');
  await page.locator('.find-widget').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /Documentation Explorer/ }).click();
  await page.getByRole('button', { name: 'Headers', exact: true }).click();
  await page.getByRole('button', { name: 'Variables', exact: true }).click();
  await page.getByRole('button', { name: /settings/i }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/graphiql-${colorScheme}.png` });
  expect(await page.getByRole('button', { name: `Signed in as ${gateway.name}` }).count()).toBe(1);
  // Not ours to mend: the syntax colours of GraphiQL's editor, and its tabs with a button in each.
  await expectAccessible(`GraphiQL, ${colorScheme}`, { exclude: ['.monaco-editor'], rules: { 'nested-interactive': { enabled: false } } });
});
