// Place is which page an address is of.
export type Place =
  | { page: 'all' }
  | { page: 'account'; accountId: string }
  | { page: 'customer'; accountId: string; customerId: string }
  | { page: 'status' }
  | { page: 'sign-in' }
  | { page: 'nowhere' };

export function placeOf(pathname: string): Place {
  const [first, account, second, customer, ...more] = pathname.split('/').slice(1).map(readSegment);
  if (pathname === '/') return { page: 'all' };
  if (pathname === '/status') return { page: 'status' };
  if (pathname === '/sign-in') return { page: 'sign-in' };
  if (first !== 'accounts' || !account || more.length > 0) return { page: 'nowhere' };
  if (second === undefined) return { page: 'account', accountId: account };
  if (second !== 'customers' || !customer) return { page: 'nowhere' };
  return { page: 'customer', accountId: account, customerId: customer };
}

export const accountPath = (accountId: string) => `/accounts/${writeSegment(accountId)}`;

export const customerPath = (accountId: string, customerId: string) => `${accountPath(accountId)}/customers/${writeSegment(customerId)}`;

// Browsers take the segments "." and ".." for steps, encoded or not, so an id that is one of them
// gets a sign in front, and so does one that begins with that sign.
const writeSegment = (id: string) => encodeURIComponent(/^(\.\.?|~.*)$/s.test(id) ? `~${id}` : id);

function readSegment(segment: string): string {
  try {
    return decodeURIComponent(segment).replace(/^~/, '');
  } catch {
    return '';
  }
}
