import { Link } from 'wouter';
import { useQuery } from 'urql';
import { FindAccountsDocument, FindCustomersDocument } from '../generated/graphql';
import { accountPath, customerPath } from '../routing/place';
import { elsewhere, writeView, type View } from '../routing/view';

interface NothingFoundProps {
  search: string;
  view: View;
  accountId: string | undefined;
}

// NothingFound says that no row has a text, and leads to those that have it but no usage here.
export function NothingFound({ search, view, accountId }: NothingFoundProps) {
  const [accounts] = useQuery({ query: FindAccountsDocument, variables: { search }, pause: accountId !== undefined });
  const [customers] = useQuery({ query: FindCustomersDocument, variables: { search, accountId: accountId ?? '' }, pause: accountId === undefined });
  const there = writeView(elsewhere(view));
  const found = accountId === undefined
    ? (accounts.data?.accounts?.nodes ?? []).map((one) => ({ id: one.accountId, name: one.name, href: accountPath(one.accountId) + there }))
    : (customers.data?.customers?.nodes ?? []).map((one) => ({ id: one.customerId, name: one.name, href: customerPath(accountId, one.customerId) + there }));
  const what = accountId === undefined ? 'account' : 'customer';
  return (
    <div className="nothing-found" role="status">
      <p>No {what} with usage here has “{search}” in its name or id.</p>
      {found.length > 0 && (
        <>
          <p className="dim">Without usage in this range and the one before:</p>
          <ul>{found.map(({ id, name, href }) => <li key={id}><Link href={href}>{name ?? id}</Link>{name && <small className="dim"> {id}</small>}</li>)}</ul>
        </>
      )}
    </div>
  );
}
