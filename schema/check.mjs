// Fails when schema.graphqls breaks what it has promised, unless CHANGELOG.md says
// so. With --write it then writes the promise anew.
//
//   node schema/check.mjs [--write] [FOLDER OF THE REPOSITORY]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { announced, breakages, isSchema, promiseOf, undatedDeprecations } from './promise.mjs';

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
  if (isSchema(promised ?? '')) {
    problems.push(...(await unannounced(promised, schema, announced(changelog))));
  }
  const earlier = earlierPromises(folder);
  for (const [problem, commit] of await brokenSince(earlier, schema, changelog)) {
    if (!problems.includes(problem)) {
      problems.push(`${problem} (promised in commit ${commit.slice(0, 12)})`);
    }
  }
  const notes =
    earlier.length > 1 ? [] : [`no earlier ${promiseFile} in the history of git: compared with the present one only`];

  const current = promiseOf(schema);
  if (promised !== current && problems.length === 0) {
    if (write) {
      writeFileSync(path.join(folder, promiseFile), current);
    } else {
      problems.push(`${promiseFile} is not that of schema.graphqls; run make schema-promise`);
    }
  }
  return { problems, notes };
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
 * What breaks promises of earlier commits, with one of these. They are looked at so
 * that editing the promise by hand is no way around; lines of the changelog may have
 * moved to a released version since.
 */
async function brokenSince(earlier, schema, changelog) {
  const names = announced(changelog, { everywhere: true });
  const broken = new Map();
  for (const [commit, promise] of earlier) {
    for (const problem of await unannounced(promise, schema, names)) {
      broken.set(problem, commit);
    }
  }
  return broken;
}

/** The promises that git has, as [commit, text], newest first. */
function earlierPromises(folder) {
  const git = (...args) => {
    try {
      return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return ''; // no git, no repository, or no such file in that commit
    }
  };
  return git('log', '-n', String(memory), '--format=%H', '--', promiseFile)
    .split('\n')
    .map((commit) => [commit, commit && git('show', `${commit}:./${promiseFile}`)])
    .filter(([, promise]) => isSchema(promise));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write');
  const folder = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
  const { problems, notes } = await check(folder ?? fileURLToPath(new URL('..', import.meta.url)), { write });
  notes.forEach((note) => console.log(note));
  problems.forEach((problem) => console.error(problem));
  process.exitCode = problems.length > 0 ? 1 : 0;
}
