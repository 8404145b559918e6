import { Link } from 'wouter';
import { useQuery } from 'urql';
import { FindAccountsDocument, FindCustomersDocument, NamesDocument } from '../generated/graphql';
import { momentInWords, spanInWords, type Span } from '../format/dates';
import { accountPath } from '../routing/place';
import { elsewhere, writeView, type View } from '../routing/view';
import type { Scope } from './scope';

interface HeadingProps {
  scope: Scope;
  view: View;
  // before is what the report is compared with.
  before: Span | undefined;
  report: { from: string | null; to: string | null; timeZone: string; asOf: string } | undefined;
}

// Heading says whose usage is shown, of which range, in which zone and as of when.
export function Heading({ scope, view, report, before }: HeadingProps) {
  const words = report && [
    `Days in ${report.timeZone.replaceAll('_', ' ')}`,
    `as of ${momentInWords(report.asOf, report.timeZone)}`,
    report.to && Date.parse(report.to) > Date.parse(report.asOf) ? 'not over yet' : '',
    before ? `compared with ${spanInWords(before, report.timeZone, 'short')}` : '',
  ].filter((word) => word !== '');
  return (
    <div className="heading">
      {scope.accountId && <Names scope={scope} view={view} accountId={scope.accountId} />}
      <h1>{report?.from && report.to ? spanInWords({ from: report.from, to: report.to }, report.timeZone) : ' '}</h1>
      <p className="dim">{words?.join(' · ') ?? '\u00a0'}</p>
    </div>
  );
}

function Names({ scope, view, accountId }: { scope: Scope; view: View; accountId: string }) {
  const { customerId } = scope;
  const [{ data }] = useQuery({ query: NamesDocument, variables: { ...scope, accountId, isCustomer: customerId !== undefined } });
  const used = data?.aiUsage;
  // Whoever has a name and has never been used is in no report, but is found by the id.
  const isUnused = data !== undefined && !used?.accountUsage?.length;
  const [accounts] = useQuery({ query: FindAccountsDocument, variables: { search: accountId }, pause: !isUnused });
  const [customers] = useQuery({ query: FindCustomersDocument, variables: { accountId, search: customerId ?? '' }, pause: !isUnused || customerId === undefined });
  const account = used?.accountUsage?.[0]?.account.name ?? accounts.data?.accounts?.nodes.find((found) => found.accountId === accountId)?.name ?? accountId;
  const customer = used?.customerUsage?.[0]?.customer.name ?? customers.data?.customers?.nodes.find((found) => found.customerId === customerId)?.name ?? customerId;
  const there = writeView(elsewhere(view));
  return (
    <nav className="crumbs" aria-label="Where this is">
      <Link href={`/${there}`}>All accounts</Link>
      <span aria-hidden="true">/</span>
      {customerId ? <Link href={accountPath(accountId) + there}>{account}</Link> : <strong aria-current="page">{account}</strong>}
      {customerId && <><span aria-hidden="true">/</span><strong aria-current="page">{customer}</strong></>}
    </nav>
  );
}
