export interface Example {
  name: string;
  query: string;
}

// Documents of real use. The browser test runs each of them.
export const examples: Example[] = [
  {
    name: 'This month, by account',
    query: `# Press the button, or Ctrl-Enter. Ctrl-Space completes what you type.
query MonthByAccount {
  aiUsage(period: THIS_MONTH) {
    from
    to
    timeZone
    asOf
    totals { aiMinutes aiSeconds sessions }
    accountUsageConnection(first: 20, orderBy: { field: AI_MINUTES, direction: DESC }) {
      totalCount
      nodes { account { accountId name } aiMinutes share }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`,
  },
  {
    name: 'A dashboard in one question',
    query: `query Dashboard {
  aiUsage(period: LAST_30_DAYS, timeZone: "Europe/Berlin") {
    asOf
    totals { aiMinutes sessions }
    previous { totals { aiMinutes sessions } }
    series(granularity: DAY) { from aiMinutes partial }
    customerUsageConnection(first: 10, orderBy: { field: AI_MINUTES, direction: DESC }) {
      nodes {
        customer { customerId name }
        account { name }
        aiMinutes
        share
        previous { aiMinutes }
      }
    }
  }
  viewer { name roles accounts { accountId name } }
}
`,
  },
  {
    name: 'Daily series of the largest accounts',
    query: `query DailySeries {
  aiUsage(period: LAST_30_DAYS) {
    accountUsageConnection(first: 5, orderBy: { field: AI_MINUTES, direction: DESC }) {
      nodes {
        account { accountId name }
        series(granularity: DAY) { from to aiMinutes sessions partial }
      }
    }
  }
}
`,
  },
  {
    name: 'Live: today, whenever it changes',
    query: `subscription Live {
  aiUsageChanged(period: TODAY) {
    asOf
    totals { aiMinutes sessions }
  }
}
`,
  },
];
