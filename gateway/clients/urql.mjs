// urql with its normalized cache, which knows the schema.
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { getIntrospectionQuery } from 'graphql';

import { fetchAs, same, sent, settled, url, warnings } from './http.mjs';

const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query: getIntrospectionQuery() }) };
const schema = (await (await fetchAs(`${url}/graphql`, post)).json()).data;

/** What is part of what it is in, and has no id of its own (docs/frontend.md). */
const types = ['AIUsagePlan', 'AIUsagePlanPiece', 'AIUsageSpan', 'AIUsageDrivers', 'AIUsageDriver', 'AIUsageDriversRest'];
const keys = Object.fromEntries(types.map((type) => [type, () => null]));

const client = new Client({
  url: `${url}/graphql`,
  preferGetMethod: false,
  fetch: fetchAs,
  exchanges: [
    cacheExchange({ schema, keys, resolvers: { AIUsage: { accountUsageConnection: relayPagination() }, Query: { accounts: relayPagination() } } }),
    fetchExchange,
  ],
});

const range = 'startDate: "2026-03-01", endDate: "2026-03-02"';
const left = gql`{ aiUsage(${range}) { id totals { id aiMinutes } accountUsage { id accountId minutes } plan { source pieces { grain } sessions { from } }
  drivers(by: ACCOUNT) { change largest { account { id name } change } rest { count } } } viewer { id name } }`;
const right = gql`{ aiUsage(${range}) { id totals { id sessions } accountUsage { id share account { id name } } series(granularity: DAY) { id sessions } } }`;
sent.requests = 0;
const shown = {};
const subscriptions = [left, right].map((query, at) => client.query(query, {}).subscribe(({ data }) => (shown[at] = data)));
await settled();
same('requests of two widgets', sent.requests, 2);
same('minutes on the left', shown[0]?.aiUsage.accountUsage.map((row) => row.minutes), [3, 1]);
same('shares on the right', shown[1]?.aiUsage.accountUsage.map((row) => row.share), [0.75, 0.25]);
same('changes on the left', shown[0]?.aiUsage.drivers.largest.map((driver) => [driver.account.name, driver.change]), [['Acme', 3], [null, 1]]);
await client.query(left, {}).toPromise();
await client.query(right, {}).toPromise();
same('requests to ask again', sent.requests, 2);

// A row by its id, out of the cache by the schema's interface or from the gateway.
const row = shown[0].aiUsage.accountUsage[1].id;
const again = await client.query(gql`query ($id: ID!) { node(id: $id) { __typename id ... on AIAccountUsage { accountId minutes } } }`, { id: row }).toPromise();
same('a row by its id', again.data?.node.minutes, 1);

// The pages of a list become one list.
const page = gql`query ($after: String) { aiUsage(${range}) { id accountUsageConnection(first: 1, after: $after) { nodes { id accountId } edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } }`;
const first = await client.query(page, {}).toPromise();
const { endCursor } = first.data.aiUsage.accountUsageConnection.pageInfo;
const both = await client.query(page, { after: endCursor }).toPromise();
same('pages', both.data?.aiUsage.accountUsageConnection.nodes.map((one) => one.accountId), ['acc-1', 'acc-2']);
console.log(`urql: ${warnings.length} warnings`);
same('warnings', warnings, []);
subscriptions.forEach((one) => one.unsubscribe());
