import { test } from 'vitest';
import { signIn, visit } from './browser.ts';
import { startGateway } from './gateway.ts';

// Takes the picture of the README, of sample data.
test('the picture', async () => {
  const gateway = await startGateway();
  try {
    const { page } = await visit(gateway.url, { viewport: { width: 1240, height: 860 }, colorScheme: 'light' });
    await page.goto('/?period=LAST_30_DAYS&zone=Europe%2FBerlin');
    await signIn(page, gateway.name, gateway.password);
    await page.locator('.uplot').waitFor();
    await page.locator('.table-panel tbody tr').first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.screenshot({ path: new URL('../../docs/usage.png', import.meta.url).pathname });
  } finally {
    await gateway.remove();
  }
});
