import { Link } from 'wouter';
import { useQuery } from 'urql';
import { dayOf, lastDayOf, monthInWords } from '../format/dates';
import { EverUsedDocument } from '../generated/graphql';
import { Notice } from '../parts/notice';
import { writeView, type View } from '../routing/view';
import type { Scope } from './scope';

// Empty says that there is nothing in a range, and where there is something.
export function Empty({ scope, view }: { scope: Scope; view: View }) {
  const [{ data, fetching }] = useQuery({ query: EverUsedDocument, variables: { ...scope, timeZone: view.zone } });
  const last = data?.aiUsage?.series?.findLast(({ sessions }) => sessions > 0);
  if (fetching && !data) return <Notice title="No usage in this range."><span>Looking for the last usage…</span></Notice>;
  if (last) {
    return (
      <Notice title="No usage in this range.">
        <span>The last usage was in {monthInWords(last.from, view.zone)}. <Link href={writeView({ ...view, range: { from: dayOf(last.from), to: lastDayOf(last.to) }, granularity: undefined })}>Show it</Link></span>
      </Notice>
    );
  }
  if (scope.accountId) return <Notice title="No usage yet."><span>Nothing has been recorded here.</span></Notice>;
  return (
    <Notice title="No usage yet.">
      <span>Nothing has been recorded. An operator loads sessions with <code>aiusage import FILE</code>, or the platform writes them to the database itself.</span>
    </Notice>
  );
}
