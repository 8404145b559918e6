// Relay's compiler on fragments that can be fetched anew, on each type that has a connection, and
// what it makes of them, against the gateway.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildSchema, parse, validate } from 'graphql';

import { fetchAs, same, url } from './http.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'relay-'));
const source = path.join(folder, 'src');
mkdirSync(source);
copyFileSync(path.join(here, 'relay.fragments.js'), path.join(source, 'page.js'));
copyFileSync(path.join(here, '../../schema.graphqls'), path.join(folder, 'schema.graphql'));
writeFileSync(path.join(folder, 'package.json'), '{}');
writeFileSync(
  path.join(folder, 'relay.config.json'),
  JSON.stringify({ src: './src', schema: './schema.graphql', language: 'javascript', eagerEsModules: true, customScalarTypes: { DateTime: 'string', Int64: 'number' } }),
);
const compiler = path.join(here, 'node_modules/relay-compiler/cli.js');
try {
  execFileSync('node', [compiler, 'relay.config.json'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
} catch (failed) {
  console.log(failed.stdout, failed.stderr);
  process.exit(1);
}

// The text of each operation that the compiler has written, as the gateway will get it.
const texts = {};
for (const file of readdirSync(path.join(source, '__generated__'))) {
  const text = /"text": ("(?:[^"\\]|\\.)*")/.exec(readFileSync(path.join(source, '__generated__', file), 'utf8'));
  if (text) texts[file.split('.')[0]] = JSON.parse(text[1]);
}
const schema = buildSchema(readFileSync(path.join(here, '../../schema.graphqls'), 'utf8'));
for (const [name, text] of Object.entries(texts)) {
  same(`what is wrong with ${name}`, validate(schema, parse(text)).map(String), []);
}

async function ask(name, variables) {
  const body = JSON.stringify({ query: texts[name], variables });
  const answer = await (await fetchAs(`${url}/graphql`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).json();
  same(`errors of ${name}`, answer.errors ?? [], []);
  return answer.data;
}

const page = await ask('pageQuery', {});
const rowsOf = (report) => report.accountUsageConnection.edges.map(({ node }) => node.accountId);
same('the first rows', rowsOf(page.aiUsage), ['acc-1']);
const next = await ask('ReportRowsQuery', { id: page.aiUsage.id, count: 1, cursor: page.aiUsage.accountUsageConnection.pageInfo.endCursor });
same('the next rows, of the report by its id', rowsOf(next.node), ['acc-2']);
same('customers of the account by its id', (await ask('AccountCustomersQuery', { id: page.account.id, count: 10 })).node.customers.edges.length, 1);
same('customers of the report by its id', (await ask('ReportCustomersQuery', { id: page.aiUsage.id, count: 10 })).node.customerUsageConnection.edges.length, 2);
const sessions = page.aiUsage.sessionsConnection;
same('the first sessions', sessions.edges.length, 1);
const more = await ask('ReportSessionsQuery', { id: page.aiUsage.id, count: 10, cursor: sessions.pageInfo.endCursor });
same('the other sessions, of the report by its id', more.node.sessionsConnection.edges.length, 2);
same('all accounts', (await ask('AllAccountsQuery', { count: 10 })).accounts.edges.length, 2);
same('all customers', (await ask('AllCustomersQuery', { count: 10 })).customers.edges.length, 2);
console.log(`relay: ${Object.keys(texts).length} operations`);
same('operations', Object.keys(texts).length, 7);
