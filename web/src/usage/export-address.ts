import type { Span } from '../format/dates';
import type { AiUsageGranularity, AiUsageOrderField } from '../generated/graphql';
import type { View } from '../routing/view';
import { argumentsOf, type Scope } from './scope';

// Files are the forms in which what a page shows can be downloaded.
export const files = [
  { id: 'spreadsheet', name: 'CSV for spreadsheets' },
  { id: 'csv', name: 'CSV' },
  { id: 'json', name: 'JSON' },
] as const;

export type File = (typeof files)[number]['id'];

// Files have fewer orders than lists; where a list has another, they are in that of the ids.
const orders: Partial<Record<AiUsageOrderField, string>> = { AI_MINUTES: 'minutes', AI_SECONDS: 'seconds', SESSIONS: 'sessions' };

// exportAddress leads to the rows that a page shows: accounts, the customers of one, or one
// customer over time. The gateway has amounts the largest first only.
export function exportAddress(scope: Scope, view: View, granularity: AiUsageGranularity, file: File): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(argumentsOf(scope, view))) if (value !== undefined) parameters.set(name, value);
  parameters.set('level', scope.accountId === undefined ? 'account' : 'customer');
  parameters.set('names', '1');
  if (scope.customerId !== undefined) parameters.set('granularity', granularity);
  else parameters.set('order', orders[view.order.field] ?? 'id');
  if (file === 'spreadsheet') parameters.set('spreadsheet', '1');
  return `/export/usage.${file === 'json' ? 'json' : 'csv'}?${parameters}`;
}

// oldAddress leads to what the old operation answers for a report between two instants, as XML.
export function oldAddress(scope: Scope, span: Span): string {
  const parameters = new URLSearchParams();
  if (scope.accountId !== undefined) parameters.set('AccountId', scope.accountId);
  if (scope.customerId !== undefined) parameters.set('CustomerId', scope.customerId);
  parameters.set('StartDate', span.from);
  parameters.set('EndDate', span.to);
  return `/ai/usage.xml?${parameters}`;
}
