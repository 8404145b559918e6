// The fragments of a page of Relay: each connection, on the type that has it.
import { graphql } from 'react-relay';

graphql`
  query pageQuery {
    aiUsage(startDate: "2026-03-01", endDate: "2026-03-02") {
      ...page_rows @arguments(count: 1)
      ...page_customers
      ...page_sessions @arguments(count: 1)
    }
    account(accountId: "acc-1") {
      ...page_accountCustomers
    }
    ...page_accounts
    ...page_allCustomers
  }
`;

graphql`
  query otherQuery {
    aiUsage(startDate: "2026-03-02", endDate: "2026-03-02") {
      ...page_rows @arguments(count: 1)
    }
  }
`;

graphql`
  fragment page_rows on AIUsage
  @refetchable(queryName: "ReportRowsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    accountUsageConnection(first: $count, after: $cursor, orderBy: { field: AI_MINUTES, direction: DESC })
      @connection(key: "page_accountUsageConnection") {
      edges { node { accountId minutes share account { name } } }
    }
  }
`;

graphql`
  fragment page_customers on AIUsage
  @refetchable(queryName: "ReportCustomersQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    customerUsageConnection(first: $count, after: $cursor) @connection(key: "page_customerUsageConnection") {
      edges { node { customerId minutes previous { aiMinutes } series(granularity: DAY) { sessions } } }
    }
  }
`;

graphql`
  fragment page_sessions on AIUsage
  @refetchable(queryName: "ReportSessionsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    sessionsConnection(first: $count, after: $cursor) @connection(key: "page_sessionsConnection") {
      edges { node { sessionId startedAt durationSeconds aiMinutes account { name } } }
    }
  }
`;

graphql`
  fragment page_accountCustomers on Account
  @refetchable(queryName: "AccountCustomersQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    customers(first: $count, after: $cursor) @connection(key: "page_customers") {
      edges { node { customerId name usage(period: THIS_MONTH) { totals { sessions } } } }
    }
  }
`;

graphql`
  fragment page_accounts on Query
  @refetchable(queryName: "AllAccountsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    accounts(first: $count, after: $cursor) @connection(key: "all_accounts") {
      edges { node { accountId name } }
    }
  }
`;

graphql`
  fragment page_allCustomers on Query
  @refetchable(queryName: "AllCustomersQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    customers(first: $count, after: $cursor) @connection(key: "all_customers") {
      edges { node { customerId account { name } } }
    }
  }
`;
