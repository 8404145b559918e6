import { createColumnHelper, rowSortingFeature, tableFeatures } from '@tanstack/react-table';
import { Link } from 'wouter';
import { changeInWords, changeOf, differenceInWords, inWhole, shareInWords, type Amount } from '../format/numbers';
import type { AiUsageMeasure } from '../generated/graphql';
import { valueOf } from '../format/numbers';
import { Sparkline } from './sparkline';

export interface Row extends Amount {
  id: string;
  name: string;
  // href leads to the row's own page; the row of what is without a customer has none.
  href: string | undefined;
  share: number | null;
  // before is what the row is compared with; undefined where that is not known.
  before: Amount | undefined;
  // points are its usage over time; none where that is not known.
  points: Amount[];
}

export const features = tableFeatures({ rowSortingFeature });

const helper = createColumnHelper<typeof features, Row>();

// columnsOf names the columns after the orders of the API, which can order by all but the last.
export const columnsOf = (what: string, measure: AiUsageMeasure) => {
  const before = (row: Row) => row.before && valueOf(row.before, measure);
  return helper.columns([
    helper.accessor('name', { id: 'NAME', header: what, sortDescFirst: false, cell: ({ row: { original: row } }) => <Name row={row} /> }),
    helper.accessor('aiMinutes', { id: 'AI_MINUTES', header: 'Minutes', sortDescFirst: true, cell: ({ getValue }) => inWhole(getValue()) }),
    helper.accessor('aiSeconds', { id: 'AI_SECONDS', header: 'Seconds', sortDescFirst: true, cell: ({ getValue }) => inWhole(getValue()) }),
    helper.accessor('sessions', { id: 'SESSIONS', header: 'Sessions', sortDescFirst: true, cell: ({ getValue }) => inWhole(getValue()) }),
    helper.accessor('share', { id: 'SHARE', header: 'Share', sortDescFirst: true, cell: ({ getValue }) => shareInWords(getValue()) }),
    helper.accessor(before, { id: 'PREVIOUS', header: 'Before', sortDescFirst: true, cell: ({ row: { original: row } }) => inWholeOrDash(before(row)) }),
    helper.accessor(before, { id: 'CHANGE', header: 'Change', sortDescFirst: true, cell: ({ row: { original: row } }) => differenceInWords(valueOf(row, measure), before(row)) }),
    helper.accessor(before, { id: 'CHANGE_RELATIVE', header: 'Change, %', sortDescFirst: true, cell: ({ row: { original: row } }) => changeInWords(changeOf(valueOf(row, measure), before(row))) }),
    helper.display({ id: 'TREND', header: 'Trend', cell: ({ row: { original: row } }) => <Sparkline values={row.points.map((point) => valueOf(point, measure))} /> }),
  ]);
};

function Name({ row }: { row: Row }) {
  return (
    <span className="row-name">
      {row.href ? <Link href={row.href}>{row.name}</Link> : <em>{row.name}</em>}
      {row.name !== row.id && row.href && <small className="dim">{row.id}</small>}
    </span>
  );
}

const inWholeOrDash = (value: number | undefined) => (value === undefined ? '–' : inWhole(value));
