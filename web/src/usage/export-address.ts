import type { AiUsageGranularity } from '../generated/graphql';
import type { View } from '../routing/view';
import { argumentsOf, type Scope } from './scope';

// Files are the forms in which what a page shows can be downloaded.
export const files = [
  { id: 'spreadsheet', name: 'CSV for spreadsheets' },
  { id: 'csv', name: 'CSV' },
  { id: 'json', name: 'JSON' },
] as const;

export type File = (typeof files)[number]['id'];

const orders = { ID: 'id', AI_MINUTES: 'minutes', AI_SECONDS: 'seconds', SESSIONS: 'sessions' } as const;

// exportAddress leads to the rows that a page shows: accounts, the customers of one, or one
// customer over time. The gateway has amounts the largest first only.
export function exportAddress(scope: Scope, view: View, granularity: AiUsageGranularity, file: File): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(argumentsOf(scope, view))) if (value !== undefined) parameters.set(name, value);
  parameters.set('level', scope.accountId === undefined ? 'account' : 'customer');
  parameters.set('names', '1');
  if (scope.customerId !== undefined) parameters.set('granularity', granularity);
  else parameters.set('order', orders[view.order.field]);
  if (file === 'spreadsheet') parameters.set('spreadsheet', '1');
  return `/export/usage.${file === 'json' ? 'json' : 'csv'}?${parameters}`;
}
