import { expect, test } from 'vitest';
import { returnTo } from './return-to';

const origin = 'https://usage.example';

test.each([
  ['/', '/'],
  ['/?period=TODAY&zone=Europe%2FBerlin', '/?period=TODAY&zone=Europe%2FBerlin'],
  ['/accounts/a%2Fb#table', '/accounts/a%2Fb#table'],
  ['/ai/usage.html?accountId=a', '/ai/usage.html?accountId=a'],
  ['/a/../graphiql', '/graphiql'],
])('%s is on this gateway', (redirect, want) => {
  expect(returnTo(redirect, origin)).toBe(want);
});

test.each([
  null, '', 'https://evil.example/', 'https:evil.example', 'https:/evil.example', 'HTTPS://usage.example.evil.example', '//evil.example', '///evil.example',
  '/\\evil.example', '\\\\evil.example', '/\t/evil.example', '\t//evil.example', '/\n/evil.example', ' //evil.example', '/.//evil.example',
  '/x/..//evil.example', 'javascript:alert(1)', 'data:text/html,x', 'evil.example', '?x', '/\\/evil.example', '/a\\..\\..\\evil', '/sign-in', '/sign-in?redirect=/sign-in',
])('%j leads home', (redirect) => {
  expect(returnTo(redirect, origin)).toBe('/');
});

test.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/%09/evil.example'])('%s, encoded once more, stays here', (redirect) => {
  const got = new URL(returnTo(encodeURIComponent(redirect), origin), origin);
  expect(got.origin).toBe(origin);
  expect(new URL(returnTo(`/${encodeURIComponent(redirect)}`, origin), origin).origin).toBe(origin);
});
