// Skeleton keeps the places of what is being read, so that nothing jumps when it is there.
export function Skeleton({ hasRows }: { hasRows: boolean }) {
  return (
    <div className="skeleton" role="status">
      <span className="unseen">Reading usage…</span>
      <div className="cards">{[1, 2, 3, ...(hasRows ? [4] : [])].map((i) => <div key={i} className="panel card" />)}</div>
      <div className="panel skeleton-chart" />
      {hasRows && <div className="panel skeleton-table" />}
    </div>
  );
}
