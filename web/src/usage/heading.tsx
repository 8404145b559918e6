import { Link } from 'wouter';
import { useQuery } from 'urql';
import { NamesDocument } from '../generated/graphql';
import { momentInWords, spanInWords } from '../format/dates';
import { accountPath } from '../routing/place';
import { writeView, type View } from '../routing/view';
import type { Scope } from './scope';

interface HeadingProps {
  scope: Scope;
  view: View;
  report: { from: string | null; to: string | null; timeZone: string; asOf: string } | undefined;
}

// Heading says whose usage is shown, of which range, in which zone and as of when.
export function Heading({ scope, view, report }: HeadingProps) {
  const isGoing = report?.to && Date.parse(report.to) > Date.parse(report.asOf);
  return (
    <div className="heading">
      {scope.accountId && <Names scope={scope} view={view} accountId={scope.accountId} />}
      <h1>{report?.from && report.to ? spanInWords({ from: report.from, to: report.to }, report.timeZone) : ' '}</h1>
      <p className="dim">{report ? `Days in ${report.timeZone.replaceAll('_', ' ')} · as of ${momentInWords(report.asOf, report.timeZone)}${isGoing ? ' · not over yet' : ''}` : ' '}</p>
    </div>
  );
}

function Names({ scope, view, accountId }: { scope: Scope; view: View; accountId: string }) {
  const [{ data }] = useQuery({
    query: NamesDocument,
    variables: { accountId, account: accountId, customer: scope.customerId ?? '', isCustomer: scope.customerId !== undefined },
  });
  const account = data?.accounts?.nodes.find((found) => found.accountId === accountId)?.name ?? accountId;
  const customer = data?.customers?.nodes.find((found) => found.customerId === scope.customerId)?.name ?? scope.customerId;
  return (
    <nav className="crumbs" aria-label="Where this is">
      <Link href={`/${writeView(view)}`}>All accounts</Link>
      <span aria-hidden="true">/</span>
      {scope.customerId ? <Link href={accountPath(accountId) + writeView(view)}>{account}</Link> : <strong aria-current="page">{account}</strong>}
      {scope.customerId && <><span aria-hidden="true">/</span><strong aria-current="page">{customer}</strong></>}
    </nav>
  );
}
