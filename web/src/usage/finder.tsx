import { useDeferredValue, useState } from 'react';
import { ComboBox, Input, ListBox, ListBoxItem, Popover } from 'react-aria-components';
import { useQuery } from 'urql';
import { useLocation } from 'wouter';
import { FindAccountsDocument, FindCustomersDocument } from '../generated/graphql';
import { accountPath, customerPath } from '../routing/place';
import { writeView, type View } from '../routing/view';
import './finder.css';

// Finder leads to an account or customer by the beginning of its id or name, which the gateway
// looks for.
export function Finder({ view, accountId }: { view: View; accountId?: string }) {
  const [typed, setTyped] = useState('');
  const [, navigate] = useLocation();
  const search = useDeferredValue(typed.trim());
  const isEmpty = search === '';
  const [accounts] = useQuery({ query: FindAccountsDocument, variables: { search }, pause: isEmpty || accountId !== undefined });
  const [customers] = useQuery({ query: FindCustomersDocument, variables: { search, accountId: accountId ?? '' }, pause: isEmpty || accountId === undefined });
  const items = isEmpty
    ? []
    : accountId === undefined
      ? (accounts.data?.accounts?.nodes ?? []).map((found) => ({ id: found.accountId, name: found.name }))
      : (customers.data?.customers?.nodes ?? []).map((found) => ({ id: found.customerId, name: found.name }));
  const what = accountId === undefined ? 'account' : 'customer';
  return (
    <ComboBox
      className="finder"
      aria-label={`Find ${what}`}
      items={items}
      inputValue={typed}
      onInputChange={setTyped}
      selectedKey={null}
      allowsEmptyCollection
      onSelectionChange={(key) => {
        if (key === null) return;
        setTyped('');
        navigate((accountId === undefined ? accountPath(String(key)) : customerPath(accountId, String(key))) + writeView(view));
      }}
    >
      <Input className="input" placeholder={`Find ${what === 'account' ? 'an account' : 'a customer'}…`} />
      <Popover className="popover finder-popover">
        <ListBox className="menu" renderEmptyState={() => <div className="head">{isEmpty ? 'Type the beginning of a name or id' : accounts.fetching || customers.fetching ? 'Looking…' : `No ${what} begins like this`}</div>}>
          {(item: { id: string; name: string | null }) => (
            <ListBoxItem id={item.id} textValue={item.name ?? item.id} className="option">
              <span>{item.name ?? item.id}</span>
              {item.name && <small className="dim">{item.id}</small>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
