// Where to go after signing in: an address of this origin, as the sign-in page was told it.
// Anything else could be a link by which another site has people end where it likes.
export function returnTo(redirect: string | null, origin: string): string {
  const home = '/';
  // A browser takes a backslash for a slash, and leaves out tabs and line feeds.
  if (!redirect || !redirect.startsWith('/') || /^\/[/\\]|[\\\u0000-\u001f]/.test(redirect)) return home;
  let url: URL;
  try {
    url = new URL(redirect, origin);
  } catch {
    return home;
  }
  if (url.origin !== origin || url.pathname === '/sign-in' || url.pathname.startsWith('//')) return home;
  return url.pathname + url.search + url.hash;
}
