import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { RunOptions } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, expect } from 'vitest';

// The headless shell takes a third less of the processor than the whole browser.
const programs = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser | undefined;
const ends: (() => Promise<void>)[] = [];
// windows are those of people who have signed in, by the gateway.
const windows = new Map<string, BrowserContext>();

// Visit is a page in a browser's window that notes what must not happen.
export interface Visit {
  page: Page;
  // requests are the paths that were asked for.
  requests: string[];
  // layoutShift is how much of what was seen has jumped since the page was opened (Chromium's CLS).
  layoutShift(): Promise<number>;
  // expectAccessible holds what is shown to axe: nothing serious or critical.
  expectAccessible(what: string, options?: RunOptions & { exclude?: string[] }): Promise<void>;
}

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

afterAll(async () => {
  await browser?.close();
  browser = undefined;
  windows.clear();
});

const desktop = { width: 1280, height: 900 };

async function openWindow(url: string, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? programs.find((path) => existsSync(path)), args });
  return browser.newContext({ baseURL: url, locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: desktop, ...options });
}

// visit opens a window of its own, without cookies.
export async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const window = await openWindow(url, options);
  ends.push(() => window.close());
  return openPage(url, window);
}

// visitSignedIn opens a page in the window of somebody who has signed in. A file's tests share it, so
// scripts are there already, as they are for most people; what a test keeps in it is gone afterwards.
export async function visitSignedIn(
  gateway: { url: string; name: string; password: string },
  { colorScheme = 'light', viewport = desktop }: Pick<BrowserContextOptions, 'colorScheme'> & { viewport?: { width: number; height: number } } = {},
): Promise<Visit> {
  const { url } = gateway;
  let window = windows.get(url);
  if (!window) {
    window = await openWindow(url);
    await signInFrom(window, gateway);
    windows.set(url, window);
  }
  const visit = await openPage(url, window);
  await visit.page.emulateMedia({ colorScheme });
  await visit.page.setViewportSize(viewport);
  ends.push(async () => {
    await visit.page.goto('/livez'); // what the page still means to keep a little later must not come after this
    await visit.page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
    await visit.page.close();
  });
  return visit;
}

// signInFrom signs somebody in without the form.
export async function signInFrom(window: BrowserContext, { name, password }: { name: string; password: string }): Promise<void> {
  const answer = await window.request.post('/auth/credentials', { headers: { 'X-Requested-With': 'fetch' }, data: { userName: name, password } });
  expect(answer.status(), 'signing in').toBe(200);
}

async function openPage(url: string, window: BrowserContext): Promise<Visit> {
  const page = await window.newPage();
  page.setDefaultTimeout(45_000); // for a busy machine
  const faults: string[] = [];
  const requests: string[] = [];
  const story: string[] = [];
  const tell = (what: string) => story.push(`${new Date().toISOString().slice(11, 23)} ${what}`);
  page.on('request', (request) => tell(`${request.method()} ${request.url()}`));
  page.on('response', (response) => tell(`${response.status()} ${response.url()}`));
  page.on('requestfailed', (request) => tell(`${request.failure()?.errorText} ${request.url()}`));
  page.on('framenavigated', (frame) => tell(`at ${frame.url()}`));
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol === 'data:') return;
    if (asked.origin !== url) faults.push(`a request off the origin: ${request.url()}`);
    requests.push(asked.pathname);
  });
  page.on('pageerror', (error) => faults.push(`an error in the page: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Content-Security-Policy/.test(message.text())) faults.push(message.text());
  });
  // A policy's violation is an event in the page, also where the console says nothing.
  await page.exposeFunction('noteViolation', (text: string) => faults.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      (window as unknown as { noteViolation(text: string): void }).noteViolation(`a violation of ${event.effectiveDirective} by ${event.blockedURI} (${event.sourceFile}): ${event.sample}`);
    });
  });
  await page.addInitScript(() => {
    const seen = window as unknown as { layoutShift: number };
    seen.layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) seen.layoutShift += entry.value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const made: Visit = {
    page,
    requests,
    layoutShift: () => page.evaluate(() => (window as unknown as { layoutShift: number }).layoutShift),
    expectAccessible: async (what, { exclude = [], ...options } = {}) => {
      await page.evaluate(axe);
      const found = await page.evaluate(async ([without, how]) => {
        const { violations } = await (window as unknown as { axe: typeof Axe }).axe.run({ exclude: without }, how);
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' ')}`);
      }, [exclude, options] as const);
      expect(found, what).toEqual([]);
    },
  };
  checks.push({ page, faults, story });
  return made;
}

// checks are of each page: what must not have happened, and what was asked and answered, with the time of each.
const checks: { page: Page; faults: string[]; story: string[] }[] = [];

// What must not happen is looked for after each test, whatever else it expects. Of one that fails, what its pages
// have asked and what they show is told.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    for (const { page, story } of checks) {
      const shown = await page.evaluate(() => document.body.innerText).catch(String);
      console.error([`${task.name}: failed, at ${page.url()}, which shows:`, shown.slice(0, 1000), 'after', ...story.slice(-30)].join('\n'));
    }
  }
  const faults = checks.splice(0).flatMap((one) => one.faults);
  expect([...new Set(faults)], 'what a page must not do').toEqual([]);
});

export async function signIn(page: Page, name: string, password: string, remember = false): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  if (remember) await page.getByText('Remember me').click();
  await page.getByRole('button', { name: 'Sign in' }).click();
}
