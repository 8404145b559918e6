import { expect, inject, test } from 'vitest';
import { signIn, visit } from './browser.ts';

const gateway = inject('gateway');

test('a deep link leads through sign-in and back, and signing out ends the session', async () => {
  const { page } = await visit(gateway.url);
  await page.goto('/?period=LAST_7_DAYS&zone=America%2FNew_York');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await signIn(page, gateway.name, gateway.password);
  await page.waitForURL('/?period=LAST_7_DAYS&zone=America%2FNew_York');
  await page.getByRole('button', { name: `Signed in as ${gateway.name}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.pathname === '/sign-in');
  expect(await page.evaluate(async () => (await fetch('/graphql?query={viewer{name}}', { headers: { 'X-Requested-With': 'fetch' } })).status)).toBe(401);
});

test('a wrong password is said in words, and the right one then works', async () => {
  const { page, expectAccessible } = await visit(gateway.url);
  await page.goto('/sign-in');
  await signIn(page, gateway.name, 'not the password');
  await page.getByRole('alert').getByText('Wrong name or password.').waitFor();
  await expectAccessible('the sign-in page with a refusal');
  await signIn(page, gateway.name, gateway.password, true);
  await page.waitForURL((url) => url.pathname === '/'); // to which it adds what it shows
  const cookies = await page.context().cookies();
  expect(cookies.find(({ name }) => name === 'ss-pid')?.expires).toBeGreaterThan(Date.now() / 1000 + 24 * 3600);
  expect(cookies.every(({ httpOnly }) => httpOnly)).toBe(true);
});

test('guessing that is slowed down says how long to wait', async () => {
  const { page } = await visit(gateway.url);
  await page.route('/auth/credentials', (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '40' }, body: '{}' }));
  await page.goto('/sign-in');
  await signIn(page, gateway.name, 'a guess');
  await page.getByRole('alert').getByText(/Too many wrong passwords. Try again in (40|39) s\./).waitFor();
  expect(await page.getByRole('button', { name: 'Sign in' }).isDisabled()).toBe(true);
});

test('signing in leads nowhere but to this gateway', async () => {
  const { page } = await visit(gateway.url);
  for (const redirect of ['https://evil.example/', '//evil.example', '/\\evil.example', '/%5Cevil.example', 'javascript:alert(1)', '/%2Fevil.example']) {
    await page.goto('about:blank'); // a page whose session ends goes to sign in by itself, at the same time
    await page.context().clearCookies();
    await page.goto(`/sign-in?redirect=${encodeURIComponent(redirect)}`);
    await signIn(page, gateway.name, gateway.password);
    await page.waitForURL((url) => url.pathname !== '/sign-in');
    expect(new URL(page.url()).origin, redirect).toBe(gateway.url);
  }
});

test.each(['light', 'dark'] as const)('the sign-in page is accessible (%s)', async (colorScheme) => {
  const { page, expectAccessible } = await visit(gateway.url, { colorScheme });
  await page.goto('/sign-in');
  await page.getByLabel('Name').waitFor();
  await expectAccessible(`sign-in, ${colorScheme}`);
});
