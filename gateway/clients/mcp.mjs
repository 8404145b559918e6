// The MCP client of npm against the gateway: node mcp.mjs URL USER PASSWORD
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, user, password] = process.argv.slice(2);
const headers = { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
const march = { startDate: '2026-03-01', endDate: '2026-03-31', timeZone: 'Europe/Berlin' };

// graphQL asks for what the tools are to agree with.
async function graphQL(query) {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ query }) });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data;
}

const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
const client = new Client({ name: 'test', version: '1' });
const faults = [];
client.onerror = (error) => faults.push(error);
await client.connect(transport);
assert.equal(transport.sessionId, undefined);
assert.match(client.getInstructions(), /AI minutes/);

const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(), ['find_accounts', 'usage_compare', 'usage_drivers', 'usage_report', 'usage_sessions']);
for (const { annotations, inputSchema, outputSchema } of tools) {
  assert.deepEqual([annotations.readOnlyHint, annotations.idempotentHint, annotations.destructiveHint], [true, true, false]);
  assert.ok(Object.values(inputSchema.properties).every(({ description }) => description));
  assert.equal(outputSchema.type, 'object');
}

// call calls a tool; the client holds its data to the schema of the tool.
async function call(name, more = {}) {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: { ...march, ...more } });
  assert.ok(!isError, content[0].text);
  assert.equal(content[0].type, 'text');
  assert.deepEqual([structuredContent.from, structuredContent.to, structuredContent.timeZone, structuredContent.partial],
    ['2026-03-01T00:00:00+01:00', '2026-04-01T00:00:00+02:00', 'Europe/Berlin', false]);
  assert.ok(structuredContent.link.startsWith(`${url}/`) && content[0].text.includes(structuredContent.link));
  return structuredContent;
}

const { aiUsage } = await graphQL(`{aiUsage(startDate:"2026-03-01",endDate:"2026-03-31",timeZone:"Europe/Berlin"){
  totals{aiMinutes aiSeconds sessions} accountUsage{accountId aiMinutes aiSeconds sessions}
  sessionsConnection(first:10){nodes{sessionId durationSeconds aiMinutes}} drivers(by:WEEKDAY){current previous change}}}`);
const report = await call('usage_report', { order: 'id', granularity: 'week' });
assert.deepEqual(report.totals, aiUsage.totals);
assert.deepEqual(report.rows.map(({ accountName, ...row }) => row), aiUsage.accountUsage);
assert.equal(report.series.reduce((sum, point) => sum + point.aiMinutes, 0), aiUsage.totals.aiMinutes);
const compare = await call('usage_compare', { shift: 'week', elapsed: true });
assert.deepEqual(compare.totals.current, aiUsage.totals);
assert.deepEqual(compare.rows.map((row) => row.accountId).sort(), aiUsage.accountUsage.map((row) => row.accountId));
const drivers = await call('usage_drivers', { by: 'weekday' });
assert.deepEqual(drivers.total, aiUsage.drivers);
const sessions = await call('usage_sessions', { first: 2 });
const others = await call('usage_sessions', { first: 2, after: sessions.next });
assert.deepEqual([...sessions.sessions, ...others.sessions].map(({ sessionId, durationSeconds, aiMinutes }) => ({ sessionId, durationSeconds, aiMinutes })), aiUsage.sessionsConnection.nodes);
const found = await call('find_accounts', { search: 'ACME' });
assert.deepEqual(found.found.map((row) => row.accountName), ['Acme']);

const refused = await client.callTool({ name: 'usage_report', arguments: { period: 'last-moth' } });
assert.equal(refused.isError, true);
assert.match(refused.content[0].text, /did you mean last-month\?/);
await assert.rejects(client.callTool({ name: 'nothing', arguments: {} }));
await client.close();

const stranger = new Client({ name: 'test', version: '1' });
await assert.rejects(stranger.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`))), /401|UNAUTHENTICATED/);
assert.deepEqual(faults, []);
console.log(`${tools.length} tools`);
process.exit(0);
