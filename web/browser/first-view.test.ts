import { expect, inject, test } from 'vitest';
import { signInFrom, visit } from './browser.ts';

const gateway = inject('gateway');

// What each page asks for, by what the first view of it needs. Scripts and style sheets have their
// hashes taken out of their names, and what is asked several times is counted.
const application = ['theme.js', 'rolldown-runtime.js', 'index.js', 'esm.js', 'index.css', 'esm.css', 'icon.svg'].map((name) => `/assets/${name}`);
const pages = [
  { path: '/sign-in', extra: [], questions: 0, ready: '.sign-in-form', isLive: false },
  { path: '/', extra: [], questions: 5, ready: '.table-panel tbody tr', isLive: true },
  { path: '/accounts/sample-acc-01', extra: [], questions: 6, ready: '.table-panel tbody tr', isLive: true },
  { path: '/status', extra: ['/status.json'], questions: 1, ready: '.status-summary', isLive: false },
];

const mostScript = 300_000; // bytes, compressed
const mostShift = 0.02;

for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
  test.each(pages)(`$path asks for little, jumps nowhere, and is small (${viewport.width})`, async ({ path, extra, questions, ready, isLive }) => {
    const { page, requests, layoutShift } = await visit(gateway.url, { viewport });
    if (path !== '/sign-in') await signInFrom(page.context(), gateway);
    const sizes: Promise<number>[] = [];
    page.on('requestfinished', (request) => {
      if (request.url().endsWith('.js')) sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
    });
    requests.length = 0;
    await page.goto(path);
    await page.locator(ready).first().waitFor();
    if (isLive) await page.getByText('Live', { exact: true }).waitFor();
    expect(await layoutShift(), 'layout shift').toBeLessThan(mostShift);
    const script = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(script, 'bytes of script').toBeLessThan(mostScript);
    expect(script, 'bytes of script').toBeGreaterThan(mostScript / 10);
    const asked = requests.map((name) => name.replace(/^(\/assets\/[\w-]+?)-[\w-]{8}\./, '$1.'));
    if (process.env.FIRST_VIEW) console.log(path, viewport.width, { shift: await layoutShift(), script, asked: asked.join(' ') });
    const known = [path, ...application, ...extra, '/graphql'];
    expect(asked.filter((name) => !known.includes(name)), 'what else was asked for').toEqual([]);
    expect(asked.filter((name) => name === '/graphql').length, 'questions').toBeLessThanOrEqual(questions);
  });
}
