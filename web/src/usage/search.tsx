import { useEffect, useRef, useState } from 'react';
import { Button, Input, SearchField } from 'react-aria-components';
import './search.css';

interface SearchProps {
  // what is looked for: accounts, customers.
  what: string;
  search: string;
  onSearch: (search: string) => void;
}

const pause = 250; // milliseconds without a key before the gateway is asked
const longest = 255; // characters that the gateway looks for

// Search takes what rows are to have in their name or id. Escape clears it.
export function Search({ what, search, onSearch }: SearchProps) {
  const [typed, setTyped] = useState(search);
  const told = useRef(search);
  useEffect(() => {
    if (search === told.current) return; // the address follows what is typed, unless it leads the way
    told.current = search;
    setTyped(search);
  }, [search]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      onSearch(typed);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed, onSearch]);
  return (
    <SearchField className="search" aria-label={`Search ${what}`} value={typed} onChange={setTyped}>
      <Input className="input" placeholder={`Search ${what}…`} maxLength={longest} spellCheck="false" autoComplete="off" />
      <Button className="search-clear" aria-label="Clear the search">✕</Button>
    </SearchField>
  );
}
