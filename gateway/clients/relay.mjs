// Relay on fragments that can be fetched anew, on each type that has a connection: its compiler,
// the texts that this writes, and its runtime with what it writes, against the gateway.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildSchema, parse, validate } from 'graphql';
import relay from 'relay-runtime';

import { fetchAs, same, sent, url, warnings } from './http.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'relay-'));
const source = path.join(folder, 'src');
mkdirSync(source);
process.on('exit', () => rmSync(folder, { recursive: true }));
copyFileSync(path.join(here, 'relay.fragments.js'), path.join(source, 'page.js'));
copyFileSync(path.join(here, '../../schema.graphqls'), path.join(folder, 'schema.graphql'));
writeFileSync(path.join(folder, 'package.json'), '{}');
writeFileSync(
  path.join(folder, 'relay.config.json'),
  JSON.stringify({ src: './src', schema: './schema.graphql', language: 'javascript', eagerEsModules: false, customScalarTypes: { DateTime: 'string', Int64: 'number' } }),
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

// The runtime, with the cache that it keeps. Another range of the same accounts is beside the first.
const written = createRequire(path.join(source, '__generated__', 'any.js'));
const artifact = (name) => written(`./${name}.graphql.js`);
const environment = new relay.Environment({
  network: relay.Network.create(async ({ text: query }, variables) => {
    const body = JSON.stringify({ query, variables });
    return (await fetchAs(`${url}/graphql`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).json();
  }),
  store: new relay.Store(new relay.RecordSource()),
});
const fetched = async (name, variables) => {
  const operation = relay.createOperationDescriptor(artifact(name), variables);
  environment.retain(operation);
  await relay.fetchQuery(environment, operation.request.node, variables).toPromise();
  return operation;
};

sent.requests = 0;
const first = await fetched('pageQuery', {});
const other = await fetched('otherQuery', {});
const reportOf = (operation) => environment.lookup(operation.fragment).data.aiUsage;
const rowsShown = (operation) => environment.lookup(relay.getSingularSelector(artifact('page_rows'), reportOf(operation))).data.accountUsageConnection;
const before = rowsShown(first);
same('the first rows, in the cache', before.edges.map(({ node }) => node.accountId), ['acc-1']);
await fetched('ReportRowsQuery', { id: page.aiUsage.id, count: 1, cursor: before.pageInfo.endCursor });
const after = rowsShown(first);
same('all rows, in the cache', after.edges.map(({ node }) => node.accountId), ['acc-1', 'acc-2']);
same('the minutes of the first row, as before', after.edges[0].node.minutes, before.edges[0].node.minutes);
same('whether there are more', after.pageInfo.hasNextPage, false);
const others = rowsShown(other);
const shares = (rows) => rows.edges.map(({ node }) => [node.accountId, node.share]);
same('shares of both days', shares(after), [['acc-1', 0.75], ['acc-2', 0.25]]);
same('shares of one of them, beside', shares(others), [['acc-2', 1]]);
same('requests of the runtime', sent.requests, 3);
same('warnings of the runtime', warnings, []);
console.log(`relay: ${Object.keys(texts).length} operations`);
same('operations', Object.keys(texts).length, 8);
