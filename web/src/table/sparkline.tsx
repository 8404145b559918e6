const [width, height] = [96, 26];

// Sparkline is a line without figures; those are in the chart of the row's own page.
export function Sparkline({ values }: { values: number[] }) {
  const most = Math.max(1, ...values);
  const step = values.length > 1 ? (width - 4) / (values.length - 1) : 0;
  const points = values.map((value, i) => `${(2 + i * step).toFixed(1)},${(height - 3 - (value / most) * (height - 6)).toFixed(1)}`);
  return (
    <svg className="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {values.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}
