// Fails when schema.graphqls breaks what it has promised, unless CHANGELOG.md says
// so. With --write it then writes the promise anew.
//
//   node schema/check.mjs [--write] [FOLDER OF THE REPOSITORY]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { announced, breakages, promiseOf, undatedDeprecations } from './promise.mjs';

const promiseFile = 'schema/promised.graphqls';

/** How many commits that changed the promise are looked at. */
const memory = 100;

/** Checks the repository in a folder; returns { problems, notes }, both for people. */
export async function check(folder, { write = false } = {}) {
  const read = (file) => readFileSync(path.join(folder, file), 'utf8');
  const schema = read('schema.graphqls');
  const changelog = read('CHANGELOG.md');
  const promised = existsSync(path.join(folder, promiseFile)) ? read(promiseFile) : undefined;

  const problems = undatedDeprecations(schema).map(
    (reason) => `@deprecated(reason: "${reason}") has to end in "; removed after YYYY-MM-DD"`,
  );
  if (promised !== undefined) {
    problems.push(...(await unannounced(promised, schema, announced(changelog))));
  }
  const past = await checkHistory(folder, schema, changelog);
  problems.push(...past.problems);

  const current = promiseOf(schema);
  if (promised !== current && problems.length === 0) {
    if (write) {
      writeFileSync(path.join(folder, promiseFile), current);
    } else {
      problems.push(`${promiseFile} is not that of schema.graphqls; run make schema-promise`);
    }
  }
  return { problems: [...new Set(problems)], notes: past.notes };
}

/** What breaks between two texts without being announced. */
async function unannounced(before, after, names) {
  return (await breakages(before, after))
    .filter(({ coordinate }) => !names.has(coordinate))
    .map(
      ({ coordinate, message }) =>
        `${coordinate}: ${message}; keep it, or name \`${coordinate}\` in CHANGELOG.md, Unreleased, under "### Breaking"`,
    );
}

/**
 * Holds each change of the promise itself to the changelog, so that a promise which
 * was edited by hand is found: since the last commit, and in each commit before. Of
 * the latter the lines may have moved to a released version since.
 */
async function checkHistory(folder, schema, changelog) {
  const git = (...args) => {
    try {
      return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return undefined; // no git, no repository, or no such file in that commit
    }
  };
  const at = (commit) => git('show', `${commit}:./${promiseFile}`);
  const problems = [];
  const committed = at('HEAD');
  if (committed !== undefined) {
    problems.push(...(await unannounced(committed, schema, announced(changelog, { everywhere: true }))));
  }
  const commits = git('log', '-n', String(memory), '--format=%H', '--', promiseFile)?.split('\n').filter(Boolean) ?? [];
  const names = announced(changelog, { everywhere: true });
  let compared = 0;
  for (const commit of commits) {
    const [before, after] = [at(`${commit}~1`), at(commit)];
    if (before !== undefined && after !== undefined) {
      compared++;
      const found = await unannounced(before, after, names);
      problems.push(...found.map((problem) => `${problem} (since commit ${commit.slice(0, 12)})`));
    }
  }
  const notes = compared > 0 ? [] : [`no earlier ${promiseFile} in the history of git: compared with the present one only`];
  return { problems, notes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write');
  const folder = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
  const { problems, notes } = await check(folder ?? fileURLToPath(new URL('..', import.meta.url)), { write });
  notes.forEach((note) => console.log(note));
  problems.forEach((problem) => console.error(problem));
  process.exitCode = problems.length > 0 ? 1 : 0;
}
