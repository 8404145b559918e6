// Apollo Client 4 as a page has it: several widgets, and one cache.
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';

import { fetchAs, same, sent, settled, url, warnings } from './http.mjs';
import { byEdges, byNodes } from './paging.mjs';

const clientOf = (typePolicies) =>
  new ApolloClient({ link: new HttpLink({ uri: `${url}/graphql`, fetch: fetchAs }), cache: new InMemoryCache({ typePolicies }) });

const range = 'startDate: "2026-03-01", endDate: "2026-03-02"';

/** Two widgets that ask for the same report with other fields, side by side; returns how many requests that takes. */
async function sideBySide(id) {
  const client = clientOf();
  sent.requests = 0;
  const left = gql`{ aiUsage(${range}) { ${id} asOf totals { ${id} aiMinutes } accountUsage { ${id} accountId minutes } } }`;
  const right = gql`{ aiUsage(${range}) { ${id} totals { ${id} sessions } accountUsage { ${id} share account { ${id} name } } series(granularity: DAY) { ${id} sessions } } }`;
  const shown = {};
  const subscriptions = [left, right].map((query, at) =>
    client.watchQuery({ query }).subscribe((result) => (shown[at] = result.data)),
  );
  await settled();
  const requests = sent.requests;
  subscriptions.forEach((one) => one.unsubscribe());
  await client.query({ query: left });
  await client.query({ query: right });
  return { requests, again: sent.requests - requests, shown, client };
}

const without = await sideBySide('');
console.log(`without ids: ${without.requests} requests and ${without.again} to ask again, ${warnings.length} warnings`);
warnings.length = 0;

const { requests, again, shown, client } = await sideBySide('id');
console.log(`with ids: ${requests} requests and ${again} to ask again, ${warnings.length} warnings`);
same('requests of two widgets', requests, 2);
same('requests to ask again, cache first', again, 0);
same('minutes on the left', shown[0]?.aiUsage.accountUsage.map((row) => row.minutes), [3, 1]);
same('names on the right', shown[1]?.aiUsage.accountUsage.map((row) => row.account.name), ['Acme', null]);

// Rows of another range are other rows.
const other = gql`{ aiUsage(startDate: "2026-03-01", endDate: "2026-03-01") { id accountUsage { id accountId minutes } } }`;
same('another range', (await client.query({ query: other })).data.aiUsage.accountUsage.map((row) => row.minutes), [3]);
const first = gql`{ aiUsage(${range}) { id accountUsage { id accountId minutes } } }`;
same('the first range', (await client.query({ query: first })).data.aiUsage.accountUsage.map((row) => row.minutes), [3, 1]);

// Pages by edges and by nodes, side by side with a list of another order.
for (const [way, policies, fields] of [
  ['edges', byEdges, 'edges { cursor node { id accountId } }'],
  ['nodes', byNodes, 'nodes { id accountId }'],
]) {
  const paged = clientOf(policies);
  const accountsOf = (list) => (list.edges?.map(({ node }) => node) ?? list.nodes).map((row) => row.accountId);
  const query = gql`query Rows($after: String, $direction: OrderDirection!) { aiUsage(${range}) { id
    accountUsageConnection(first: 1, after: $after, orderBy: { field: AI_MINUTES, direction: $direction }) { totalCount ${fields} pageInfo { hasNextPage endCursor } } } }`;
  const watched = paged.watchQuery({ query, variables: { direction: 'DESC' } });
  const pages = [];
  const subscription = watched.subscribe((result) => result.data && pages.push(accountsOf(result.data.aiUsage.accountUsageConnection)));
  await settled();
  const { endCursor } = watched.getCurrentResult().data.aiUsage.accountUsageConnection.pageInfo;
  await watched.fetchMore({ variables: { after: endCursor } });
  await settled();
  same(`pages by ${way}`, [pages[0], pages.at(-1)], [['acc-1'], ['acc-1', 'acc-2']]);
  const up = await paged.query({ query, variables: { direction: 'ASC' } });
  same(`the other order by ${way}`, accountsOf(up.data.aiUsage.accountUsageConnection), ['acc-2']);
  same(`the first order by ${way}`, pages.at(-1), ['acc-1', 'acc-2']);
  const customers = gql`query Customers($after: String) { account(accountId: "acc-1") { id customers(first: 1, after: $after) { ${fields.replace('accountId', 'customerId')} pageInfo { hasNextPage } } } }`;
  const of = (await paged.query({ query: customers })).data.account.customers;
  same(`customers by ${way}`, (of.edges?.map(({ node }) => node) ?? of.nodes).map((one) => one.customerId), ['cus-1']);
  const sessions = gql`query Sessions($after: String) { aiUsage(${range}) { id sessionsConnection(first: 2, after: $after) {
    ${fields.replace('accountId', 'sessionId')} pageInfo { hasNextPage endCursor } } } }`;
  const list = paged.watchQuery({ query: sessions });
  const listing = list.subscribe(() => {});
  await settled();
  await list.fetchMore({ variables: { after: list.getCurrentResult().data.aiUsage.sessionsConnection.pageInfo.endCursor } });
  await settled();
  const listed = list.getCurrentResult().data.aiUsage.sessionsConnection;
  same(`sessions by ${way}`, (listed.edges?.map(({ node }) => node) ?? listed.nodes).map((one) => one.sessionId), ['1', '2', '3']);
  listing.unsubscribe();
  subscription.unsubscribe();
}
same('warnings', warnings, []);
