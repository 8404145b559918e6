import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { check } from './check.mjs';
import { announced, breakages, promiseOf, undatedDeprecations } from './promise.mjs';

const base = `
  type Query { report(day: String, zone: String = "UTC"): Report list(order: Order): [Int!]! }
  type Report { minutes: Int! name: String }
  input Order { by: By = ID first: Int }
  enum By { ID MINUTES }`;

/** The coordinates that break when a part of the base is replaced. */
async function broken(part, replacement) {
  assert.ok(base.includes(part), part);
  return (await breakages(base, base.replace(part, replacement))).map(({ coordinate }) => coordinate).sort();
}

test('what callers rely on cannot go, shrink or change', async () => {
  assert.deepEqual(await broken('minutes: Int! ', ''), ['Report.minutes']);
  assert.deepEqual(await broken('minutes: Int!', 'minutes: Int'), ['Report.minutes']);
  assert.deepEqual(await broken('minutes: Int!', 'minutes: String!'), ['Report.minutes']);
  assert.deepEqual(await broken('day: String, ', ''), ['Query.report.day']);
  assert.deepEqual(await broken('day: String', 'day: String!'), ['Query.report.day']);
  assert.deepEqual(await broken('day: String', 'day: String, until: String!'), ['Query.report.until']);
  assert.deepEqual(await broken('ID MINUTES', 'ID'), ['By.MINUTES']);
  assert.deepEqual(await broken('first: Int', ''), ['Order.first']);
  assert.deepEqual(await broken('first: Int', 'first: Int!'), ['Order.first']);
  assert.deepEqual(await broken('first: Int', 'first: Int last: Int!'), ['Order.last']);
});

test('another default is another answer', async () => {
  assert.deepEqual(await broken('"UTC"', '"Europe/Berlin"'), ['Query.report.zone']);
  assert.deepEqual(await broken('By = ID', 'By = MINUTES'), ['Order.by']);
});

test('a deprecated field goes no more quietly than others', async () => {
  const deprecated = base.replace('name: String', 'name: String @deprecated(reason: "use id; removed after 2030-01-31")');
  const changes = await breakages(deprecated, base.replace('name: String', ''));
  assert.deepEqual(changes.map(({ coordinate }) => coordinate), ['Report.name']);
});

test('additions, deprecations, descriptions and order break nothing', async () => {
  assert.deepEqual(await broken('name: String', 'name: String seconds: Int!'), []);
  assert.deepEqual(await broken('day: String', 'day: String, until: String'), []);
  assert.deepEqual(await broken('ID MINUTES', 'MINUTES ID SECONDS'), []);
  assert.deepEqual(await broken('first: Int', 'first: Int last: Int'), []);
  assert.deepEqual(await broken('name: String', '"What it is called." name: String!'), []);
  assert.deepEqual(await broken('name: String', 'name: String @deprecated(reason: "use id; removed after 2030-01-31")'), []);
});

test('the promise has deprecations, and neither order nor descriptions', () => {
  const promise = promiseOf('type Query { "Second." b(y: Int, x: Int): Int "First." a: Int @deprecated(reason: "use b") }');
  assert.match(promise, /^# /);
  assert.ok(promise.endsWith('\n\ntype Query {\n  a: Int @deprecated(reason: "use b")\n  b(x: Int, y: Int): Int\n}\n'), promise);
  assert.equal(promiseOf(promise), promise);
});

test('a deprecation says until when', () => {
  const until = (reason) => undatedDeprecations(`type Query { a: Int @deprecated${reason} }`).length === 0;
  assert.ok(until('(reason: "use b; removed after 2030-01-31")'));
  assert.ok(!until(''));
  assert.ok(!until('(reason: "use b")'));
  assert.ok(!until('(reason: "use b; removed after 2030-13-31")'));
});

const changelog = `# Changelog

## Unreleased

### Breaking

- \`Report.minutes\` is gone;
  so is \`By.MINUTES\`.

### Added

- \`Report.seconds\`.

## [2.0.0] - 2026-01-01

### Breaking

- \`Query.old\` is gone.
`;

test('the changelog announces in backquotes, under "Breaking"', () => {
  assert.deepEqual([...announced(changelog)], ['Report.minutes', 'By.MINUTES']);
  assert.deepEqual([...announced(changelog, { everywhere: true })], ['Report.minutes', 'By.MINUTES', 'Query.old']);
});

/** A repository with a schema, its promise and a changelog, for one test. */
function repository(t, { git = true } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'schema-check-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'schema'));
  const write = (file, text) => writeFileSync(path.join(folder, file), text);
  const run = (...args) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false', ...args]);
  const repo = {
    write,
    path: (file) => path.join(folder, file),
    schema: (text) => write('schema.graphqls', text),
    promise: (text) => write('schema/promised.graphqls', text),
    promised: () => readFileSync(path.join(folder, 'schema/promised.graphqls'), 'utf8'),
    breaking: (...names) =>
      write('CHANGELOG.md', `## Unreleased\n\n### Breaking\n\n${names.map((name) => `- \`${name}\`\n`).join('')}`),
    commit: () => (run('add', '.'), run('commit', '-q', '-m', 'commit')),
    problems: async (options) => (await check(folder, options)).problems,
    notes: async () => (await check(folder)).notes,
  };
  repo.breaking();
  repo.schema(base);
  repo.promise(promiseOf(base));
  if (git) {
    run('init', '-q');
    repo.commit();
  }
  return repo;
}

const smaller = base.replace('name: String', '');

test('a schema that is as promised passes', async (t) => {
  assert.deepEqual(await repository(t).problems(), []);
});

test('an addition has to be promised', async (t) => {
  const repo = repository(t);
  repo.schema(base.replace('name: String', 'name: String seconds: Int!'));
  assert.match((await repo.problems()).join(), /run make schema-promise/);
  assert.deepEqual(await repo.problems({ write: true }), []);
  assert.match(repo.promised(), /seconds: Int!/);
  assert.deepEqual(await repo.problems(), []);
});

test('a breaking change has to be announced, also to be promised', async (t) => {
  const repo = repository(t);
  repo.schema(smaller);
  const before = repo.promised();
  for (const options of [{}, { write: true }]) {
    assert.match((await repo.problems(options)).join(), /^Report\.name: .*name `Report\.name` in CHANGELOG\.md/);
  }
  assert.equal(repo.promised(), before);
  repo.breaking('Report.name');
  assert.match((await repo.problems()).join(), /run make schema-promise/);
  assert.deepEqual(await repo.problems({ write: true }), []);
  assert.deepEqual(await repo.problems(), []);
  repo.commit();
  assert.deepEqual(await repo.problems(), []);
});

test('a promise edited by hand is found before the commit, after it, and after others', async (t) => {
  const repo = repository(t);
  repo.schema(smaller);
  repo.promise(promiseOf(smaller));
  assert.match((await repo.problems()).join(), /Report\.name/);
  repo.commit();
  assert.match((await repo.problems()).join(), /Report\.name.*promised in commit [0-9a-f]{12}/);
  repo.write('other', '');
  repo.commit();
  assert.match((await repo.problems()).join(), /Report\.name.*promised in commit/);
  repo.breaking('Report.name');
  assert.deepEqual(await repo.problems(), []);
});

test('a promise that was broken by mistake is mended by keeping it again', async (t) => {
  const repo = repository(t);
  repo.schema(smaller);
  repo.promise(promiseOf(smaller));
  repo.commit();
  repo.schema(base);
  assert.deepEqual(await repo.problems({ write: true }), []);
  repo.commit();
  assert.deepEqual(await repo.problems(), []);
});

test('a promise deleted is not a promise forgotten', async (t) => {
  const repo = repository(t);
  repo.schema(smaller);
  rmSync(repo.path('schema/promised.graphqls'));
  assert.match((await repo.problems({ write: true })).join(), /Report\.name/);
  repo.commit();
  assert.match((await repo.problems({ write: true })).join(), /Report\.name/);
});

test('a promise that a merge left unreadable is written anew', async (t) => {
  const repo = repository(t);
  repo.promise('<<<<<<< HEAD');
  repo.commit();
  repo.schema(smaller);
  assert.match((await repo.problems({ write: true })).join(), /Report\.name/);
  repo.schema(base);
  assert.match((await repo.problems()).join(), /run make schema-promise/);
  repo.promise(promiseOf(base));
  repo.commit();
  assert.deepEqual(await repo.problems(), []);
});

test('lines under a released version count for what was done then', async (t) => {
  const repo = repository(t);
  repo.schema(smaller);
  repo.promise(promiseOf(smaller));
  repo.breaking('Report.name');
  repo.commit();
  repo.write('CHANGELOG.md', '## Unreleased\n\n## 2.0.0\n\n### Breaking\n\n- `Report.name` is gone.\n');
  assert.deepEqual(await repo.problems(), []);
});

test('without history the present promise holds, and the rest is said to be left out', async (t) => {
  const repo = repository(t, { git: false });
  assert.deepEqual(await repo.problems(), []);
  assert.match((await repo.notes()).join(), /no earlier/);
  repo.schema(smaller);
  assert.match((await repo.problems()).join(), /Report\.name/);
});
