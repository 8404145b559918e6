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

// exportAddress leads to the rows that a page shows, in its order: the accounts or the customers of one that are searched for, with
// those that stopped and with what they are compared with, or one customer over time.
export function exportAddress(scope: Scope, view: View, granularity: AiUsageGranularity, file: File): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(argumentsOf(scope, view))) if (value !== undefined) parameters.set(name, value);
  parameters.set('level', scope.accountId === undefined ? 'account' : 'customer');
  parameters.set('names', '1');
  if (scope.customerId !== undefined) parameters.set('granularity', granularity);
  else choose(parameters, view);
  if (file === 'spreadsheet') parameters.set('spreadsheet', '1');
  return `/export/usage.${file === 'json' ? 'json' : 'csv'}?${parameters}`;
}

// Orders by these are of a measure.
const ofMeasure: ReadonlySet<AiUsageOrderField> = new Set(['SHARE', 'PREVIOUS', 'CHANGE', 'CHANGE_RELATIVE']);

// choose asks for the rows that a list shows.
function choose(parameters: URLSearchParams, view: View): void {
  parameters.set('previous', '1');
  parameters.set('elapsed', '1');
  parameters.set('include', 'both');
  if (view.search) parameters.set('search', view.search);
  parameters.set('order', view.order.field.toLowerCase());
  parameters.set('direction', view.order.descending ? 'desc' : 'asc');
  if (ofMeasure.has(view.order.field)) parameters.set('measure', view.measure.toLowerCase());
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
