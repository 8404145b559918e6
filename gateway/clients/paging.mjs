// How Apollo Client's cache puts the pages of the gateway's lists together (docs/frontend.md).
import { relayStylePagination } from '@apollo/client/utilities';

/** The arguments that make another list, of the rows of a report and of what there is to choose from. */
const rows = ['orderBy', 'filter', 'include', 'compare'];

/** Pages that are asked for by `nodes`, with `first` and `after`. */
export function nodesPagination(keyArgs) {
  return {
    keyArgs,
    merge: (before, page, { args }) => ({ ...page, nodes: [...((args?.after && before?.nodes) || []), ...page.nodes] }),
  };
}

/** Pages of lists that documents ask for by `edges`. */
export const byEdges = {
  AIUsage: {
    fields: {
      accountUsageConnection: relayStylePagination(rows),
      customerUsageConnection: relayStylePagination(rows),
      sessionsConnection: relayStylePagination(),
    },
  },
  AIAccountUsage: { fields: { sessionsConnection: relayStylePagination() } },
  AICustomerUsage: { fields: { sessionsConnection: relayStylePagination() } },
  AIUsagePoint: { fields: { sessionsConnection: relayStylePagination() } },
  Account: { fields: { customers: relayStylePagination(['search']) } },
  Query: {
    fields: { accounts: relayStylePagination(['search']), customers: relayStylePagination(['accountId', 'search']) },
  },
};

/** Pages of lists that documents ask for by `nodes`. */
export const byNodes = {
  AIUsage: {
    fields: {
      accountUsageConnection: nodesPagination(rows),
      customerUsageConnection: nodesPagination(rows),
      sessionsConnection: nodesPagination(false),
    },
  },
  AIAccountUsage: { fields: { sessionsConnection: nodesPagination(false) } },
  AICustomerUsage: { fields: { sessionsConnection: nodesPagination(false) } },
  AIUsagePoint: { fields: { sessionsConnection: nodesPagination(false) } },
  Account: { fields: { customers: nodesPagination(['search']) } },
  Query: { fields: { accounts: nodesPagination(['search']), customers: nodesPagination(['accountId', 'search']) } },
};
