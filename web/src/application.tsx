import { useCallback, useEffect } from 'react';
import { Provider, useQuery } from 'urql';
import { navigate, usePathname, useSearch } from 'wouter/use-browser-location';
import { client } from './api/client';
import { ViewerDocument } from './generated/graphql';
import { LiveSign } from './live/sign';
import { Notice } from './parts/notice';
import { accountPath, placeOf } from './routing/place';
import { readView, writeView, type View } from './routing/view';
import { browserZone, isZone } from './ranges/zones';
import { SignIn } from './session/sign-in';
import { Header } from './shell/header';
import { StatusPage } from './status/page';
import { scopeOf } from './usage/scope';
import { UsagePage } from './usage/page';

export function Application() {
  const pathname = usePathname();
  if (placeOf(pathname).page === 'sign-in') return <SignIn />;
  return <Provider value={client}><SignedIn pathname={pathname} /></Provider>;
}

function SignedIn({ pathname }: { pathname: string }) {
  const search = useSearch();
  const [{ data }] = useQuery({ query: ViewerDocument });
  const viewer = data?.viewer;
  const read = readView(search, browserZone());
  const view = isZone(read.zone) ? read : { ...read, zone: browserZone() };
  const written = writeView(view);
  const place = placeOf(pathname);
  const [only, ...others] = viewer?.accounts ?? [];
  const isSystemAdministrator = viewer?.roles.includes('SystemAdministrator') ?? false;
  const start = place.page === 'all' && only && others.length === 0 ? accountPath(only.accountId) : pathname;

  // What is shown is what the address says, all of it, and whoever has one account starts on it.
  useEffect(() => {
    if (place.page !== 'status' && place.page !== 'nowhere' && (`?${search}` !== written || start !== pathname)) navigate(start + written, { replace: true });
  }, [search, written, start, pathname, place.page]);

  const change = useCallback((next: View, replaces = false) => navigate(location.pathname + writeView(next), { replace: replaces }), []);
  return (
    <>
      <Header current={place.page === 'status' ? 'status' : 'usage'} person={viewer && { name: viewer.name, isSystemAdministrator }}>
        {place.page !== 'status' && <LiveSign />}
      </Header>
      {place.page === 'status'
        ? <StatusPage />
        : place.page === 'nowhere'
          ? <main className="page"><Notice title="There is no such page."><a href="/">To the usage of all accounts</a></Notice></main>
          : <UsagePage key={pathname} scope={scopeOf(place)} view={view} isSystemAdministrator={isSystemAdministrator} onChange={change} />}
    </>
  );
}
