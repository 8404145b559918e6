import type { Place } from '../routing/place';
import type { Range, View } from '../routing/view';

// Scope is whose usage a page shows: everybody's, an account's or a customer's.
export interface Scope {
  accountId?: string;
  customerId?: string;
}

export const scopeOf = (place: Place): Scope =>
  place.page === 'customer' ? { accountId: place.accountId, customerId: place.customerId } : place.page === 'account' ? { accountId: place.accountId } : {};

export const rangeArguments = (range: Range) => ('period' in range ? { period: range.period } : { startDate: range.from, endDate: range.to });

// argumentsOf are the arguments of aiUsage for what is shown.
export const argumentsOf = (scope: Scope, view: View) => ({ ...scope, ...rangeArguments(view.range), timeZone: view.zone });
