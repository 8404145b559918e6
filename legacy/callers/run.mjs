// Asks the gateway at the address in the first argument as programs do that were
// written for the old host with its JavaScript client, and fails where an answer is
// not what they rely on. The second and third arguments are a name and a password.
import assert from 'node:assert/strict';
import { JsonApiClient, JsonServiceClient } from '@servicestack/client';

const [url, userName, password] = process.argv.slice(2);

// What the old host generates for its operation.
class AIUsage {}
class GetAIUsage {
  constructor(init) { Object.assign(this, init); }
  getTypeName() { return 'GetAIUsage'; }
  getMethod() { return 'POST'; }
  createResponse() { return new AIUsage(); }
}
class Authenticate {
  constructor(init) { Object.assign(this, init); }
  getTypeName() { return 'Authenticate'; }
  getMethod() { return 'POST'; }
  createResponse() { return {}; }
}

const march1 = { startDate: '2026-03-01', endDate: '2026-03-01' };
const ofMarch1 = {
  accountUsage: [{ accountId: 'acc-1', aiMinutes: 3 }],
  customerUsage: [{ accountId: 'acc-1', customerId: 'cus-1', aiMinutes: 2 }],
};
const plain = (answer) => JSON.parse(JSON.stringify(answer));

function withPassword(client) {
  client.setCredentials(userName, password);
  return client;
}

for (const client of [
  withPassword(new JsonServiceClient(url)), // /api
  withPassword(new JsonServiceClient(url).useBasePath('')), // /json/reply, as older versions
  withPassword(JsonApiClient.create(url)),
]) {
  for (const verb of ['get', 'post', 'put', 'patch', 'delete']) {
    assert.deepEqual(plain(await client[verb](new GetAIUsage(march1))), ofMarch1, verb);
  }
  assert.deepEqual(plain(await client.send(new GetAIUsage({ ...march1, customerId: 'cus-1' }))).accountUsage, [{ accountId: 'acc-1', aiMinutes: 2 }]);
  assert.deepEqual(plain(await client.get('/ai/usage', march1)), ofMarch1);
  assert.deepEqual(plain(await client.postBody(new GetAIUsage(), march1)), ofMarch1);

  const both = await client.sendAll([new GetAIUsage(march1), new GetAIUsage({ accountId: 'nobody' })]);
  assert.deepEqual(plain(both), [ofMarch1, { accountUsage: [], customerUsage: [] }]);

  const form = new FormData();
  form.append('startDate', '2026-03-01');
  form.append('endDate', '2026-03-01');
  assert.deepEqual(plain(await client.postBody(new GetAIUsage(), form)), ofMarch1);

  const api = await client.api(new GetAIUsage({ startDate: 'yesterday' }));
  assert.equal(api.succeeded, false);
  assert.equal(api.error.errorCode, 'ArgumentException');
  assert.equal(api.error.errors[0].fieldName, 'StartDate');
  await assert.rejects(client.get(new GetAIUsage({ startDate: 'yesterday' })),
    (error) => error.responseStatus.errorCode === 'ArgumentException' && error.responseStatus.errors[0].fieldName === 'StartDate');
}

const wrong = new JsonServiceClient(url);
wrong.setCredentials(userName, 'not it');
await assert.rejects(wrong.get(new GetAIUsage()), (error) => error.responseStatus.errorCode === 'Unauthorized');

// Signing in once, and the session from then on, by the cookies that the client keeps.
const once = new JsonServiceClient(url);
const session = await once.post(new Authenticate({ provider: 'credentials', userName, password, rememberMe: true }));
assert.equal(session.userName, userName);
assert.deepEqual(plain(await once.get(new GetAIUsage(march1))), ofMarch1);

// The same by Basic: the password goes with the first request only.
const basicOnce = withPassword(new JsonServiceClient(url));
assert.deepEqual(plain(await basicOnce.get(new GetAIUsage(march1))), ofMarch1);
basicOnce.setCredentials(undefined, undefined);
assert.deepEqual(plain(await basicOnce.get(new GetAIUsage(march1))), ofMarch1);

// And by the header, for a client without cookies.
const byHeader = new JsonServiceClient(url);
byHeader.manageCookies = false;
byHeader.headers.set('X-ss-id', session.sessionId);
assert.deepEqual(plain(await byHeader.get(new GetAIUsage(march1))), ofMarch1);
console.log('served as by the old host');
