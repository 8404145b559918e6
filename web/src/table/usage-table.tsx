import { useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import type { AiUsageMeasure, AiUsageOrderField } from '../generated/graphql';
import { inWhole } from '../format/numbers';
import type { View } from '../routing/view';
import { columnsOf, features, type Row } from './columns';
import './table.css';

interface UsageTableProps {
  // what a row is of.
  what: 'Account' | 'Customer';
  rows: Row[];
  // last is a row that stays below the others whatever their order.
  last: Row | undefined;
  totalCount: number;
  measure: AiUsageMeasure;
  order: View['order'];
  onOrder: (order: View['order']) => void;
  hasMore: boolean;
  onMore: () => void;
  search: ReactNode;
  // children say what is the matter with the rows.
  children: ReactNode;
}

const rowHeight = 48;
const rowsOnPaper = 22; // as table.css has it

// UsageTable shows rows in the gateway's order, of which it has the first pages. Only those that
// can be seen are in the document.
export function UsageTable({ what, rows, last, totalCount, measure, order, onOrder, hasMore, onMore, search, children }: UsageTableProps) {
  const columns = useMemo(() => columnsOf(what, measure), [what, measure]);
  const data = useMemo(() => (last ? [...rows, last] : rows), [rows, last]);
  const sorting = [{ id: order.field, desc: order.descending }];
  const table = useTable({
    features,
    columns,
    data,
    getRowId: (row) => row.href ?? '',
    manualSorting: true,
    enableMultiSort: false,
    enableSortingRemoval: false,
    state: { sorting },
    onSortingChange: (change) => {
      const [next] = typeof change === 'function' ? change(sorting) : change;
      if (next) onOrder({ field: next.id as AiUsageOrderField, descending: next.desc });
    },
  });
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12 });
  const seen = virtual.getVirtualItems();
  const end = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && end >= rows.length - 30) onMore();
  }, [hasMore, end, rows.length, onMore]);
  const models = table.getRowModel().rows;
  const [above, below] = [seen[0]?.start ?? 0, virtual.getTotalSize() - (seen.at(-1)?.end ?? 0)];
  // On narrow screens only some columns are there: those that somebody has chosen always are.
  const classOf = (column: string) =>
    (column === 'NAME' ? 'column-name' : `end column-${column.toLowerCase()}`) + (column === order.field || column === measure ? ' chosen' : '');
  const cells = (row: (typeof models)[number] | undefined) =>
    row?.getAllCells().map((cell) => <td key={cell.id} className={`${classOf(cell.column.id)} numbers`}><table.FlexRender cell={cell} /></td>);
  return (
    <section className="panel table-panel" aria-label={`${what}s`}>
      <div className="table-head">
        <h2>{what}s <span className="dim numbers">{inWhole(totalCount)} with usage in this range or the one before</span></h2>
        {search}
      </div>
      {children}
      <div className="table-scroll" ref={scroller} tabIndex={0} role="region" aria-label={`Table of ${what.toLowerCase()}s`}>
        <table className="table" aria-rowcount={totalCount + (last ? 2 : 1)}>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} aria-rowindex={1}>
                {group.headers.map((header) => {
                  const sorted = header.column.id === order.field ? (order.descending ? 'descending' : 'ascending') : undefined;
                  return (
                    <th key={header.id} scope="col" className={classOf(header.column.id)} aria-sort={sorted}>
                      {header.column.getCanSort() && header.column.accessorFn
                        ? (
                          <button type="button" onClick={() => header.column.toggleSorting()}>
                            <table.FlexRender header={header} />
                            <span className="sort-sign" aria-hidden="true">{sorted === 'descending' ? '↓' : sorted === 'ascending' ? '↑' : ''}</span>
                          </button>
                        )
                        : <table.FlexRender header={header} />}
                    </th>
                  );
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {above > 0 && <tr aria-hidden="true"><td style={{ height: above }} colSpan={columns.length} /></tr>}
            {seen.map(({ index }) => {
              const row = models[index];
              return row && <tr key={row.id} aria-rowindex={index + 2} className={row.original.sessions === 0 ? 'without' : undefined}>{cells(row)}</tr>;
            })}
            {below > 0 && <tr aria-hidden="true"><td style={{ height: below }} colSpan={columns.length} /></tr>}
          </tbody>
          {last && <tfoot><tr aria-rowindex={totalCount + 2}>{cells(models[rows.length])}</tr></tfoot>}
        </table>
      </div>
      {totalCount > rowsOnPaper && <p className="on-paper dim">These are the first rows; a download has all of them.</p>}
    </section>
  );
}
