import type { ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Header as Head, type Selection } from 'react-aria-components';
import { Chevron } from '../parts/icons';
import { signOut } from '../session/session';
import { chooseTheme, useThemeChoice, type ThemeChoice } from '../theme/theme';
import './header.css';

export interface Person {
  name: string;
  isSystemAdministrator: boolean;
}

interface HeaderProps {
  current: 'usage' | 'graphiql' | 'status';
  // Who is signed in; undefined while that is asked, and null for nobody.
  person: Person | null | undefined;
  children?: ReactNode;
}

export function Header({ current, person, children }: HeaderProps) {
  const pages = [
    { id: 'usage', href: '/', name: 'Usage' },
    { id: 'graphiql', href: '/graphiql', name: 'GraphiQL' },
    ...(person?.isSystemAdministrator ? [{ id: 'status', href: '/status', name: 'Status' }] : []),
  ];
  return (
    <header className="header">
      <a className="brand" href="/">AI usage</a>
      <nav aria-label="Pages">
        {pages.map((page) => (
          <a key={page.id} href={page.href} aria-current={page.id === current ? 'page' : undefined}>{page.name}</a>
        ))}
      </nav>
      <div className="header-end">
        {children}
        {person === null ? <a className="button" href={signInHref()}>Sign in</a> : <PersonMenu person={person} />}
      </div>
    </header>
  );
}

const signInHref = () => `/sign-in?redirect=${encodeURIComponent(location.pathname + location.search)}`;

const themes: [ThemeChoice, string][] = [['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark']];

function PersonMenu({ person }: { person: Person | undefined }) {
  const theme = useThemeChoice();
  const select = (keys: Selection) => {
    const [chosen] = keys === 'all' ? [] : [...keys];
    if (chosen) chooseTheme(chosen as ThemeChoice);
  };
  return (
    <MenuTrigger>
      <Button className="button person" aria-label={`Signed in as ${person?.name ?? '…'}: theme, sign out`}>
        <span className="person-name">{person?.name ?? ' '}</span>
        <Chevron />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label="Theme and session">
          <MenuSection selectionMode="single" disallowEmptySelection selectedKeys={[theme]} onSelectionChange={select}>
            <Head className="head">Theme</Head>
            {themes.map(([id, name]) => <MenuItem key={id} id={id} className="option">{name}</MenuItem>)}
          </MenuSection>
          <MenuItem id="sign-out" className="option sign-out" onAction={signOut}>Sign out</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
