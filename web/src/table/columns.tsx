import { createColumnHelper, rowSortingFeature, tableFeatures } from '@tanstack/react-table';
import { Link } from 'wouter';
import { changeInWords, changeOf, inWhole, shareInWords, type Amount } from '../format/numbers';
import type { AiUsageMeasure } from '../generated/graphql';
import type { Point } from '../chart/stack';
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
  points: Point[];
}

export const features = tableFeatures({ rowSortingFeature });

const helper = createColumnHelper<typeof features, Row>();

// columnsOf names the columns after the orders of the API where it can order by them.
export const columnsOf = (what: string, measure: AiUsageMeasure) =>
  helper.columns([
    helper.accessor('name', {
      id: 'ID',
      header: what,
      sortDescFirst: false,
      cell: ({ row: { original: row } }) => (
        <span className="row-name">
          {row.href ? <Link href={row.href}>{row.name}</Link> : <em>{row.name}</em>}
          {row.name !== row.id && row.href && <small className="dim">{row.id}</small>}
        </span>
      ),
    }),
    helper.accessor('aiMinutes', { id: 'AI_MINUTES', header: 'Minutes', sortDescFirst: true, cell: ({ getValue }) => inWhole(getValue()) }),
    helper.accessor('aiSeconds', { id: 'AI_SECONDS', header: 'Seconds', sortDescFirst: true, cell: ({ getValue }) => inWhole(getValue()) }),
    helper.accessor('sessions', { id: 'SESSIONS', header: 'Sessions', sortDescFirst: true, cell: ({ getValue }) => inWhole(getValue()) }),
    helper.display({ id: 'share', header: 'Share', cell: ({ row: { original: row } }) => shareInWords(row.share) }),
    helper.display({
      id: 'change',
      header: 'Change',
      cell: ({ row: { original: row } }) => changeInWords(changeOf(valueOf(row, measure), row.before && valueOf(row.before, measure))),
    }),
    helper.display({ id: 'trend', header: 'Trend', cell: ({ row: { original: row } }) => <Sparkline values={row.points.map((point) => valueOf(point, measure))} /> }),
  ]);
