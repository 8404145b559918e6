import 'uplot/dist/uPlot.min.css';
import './chart.css';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import uPlot from 'uplot';
import { spanInWords, tickInWords, timeInWords } from '../format/dates';
import { inWhole, measureNames } from '../format/numbers';
import type { AiUsageGranularity, AiUsageMeasure } from '../generated/graphql';
import { useTheme } from '../theme/theme';
import { granularityNames, isCut } from './buckets';
import { chartOf } from './options';
import { colorOf } from './palette';
import type { Layer, Point } from './stack';

interface ChartProps {
  name: string;
  points: Point[];
  layers: Layer[];
  measure: AiUsageMeasure;
  granularity: AiUsageGranularity;
  zone: string;
  asOf: string;
  onOpen: ((point: Point) => void) | undefined;
}

const height = 300;

// Chart draws bars. It is read by keyboard as a slider over its buckets, whose text has the
// figures; Enter opens one.
export function Chart({ name, points, layers, measure, granularity, zone, asOf, onOpen }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  const theme = useTheme();

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  const [isMeasured, isDense] = [width > 0, points.length > width / 8];
  useEffect(() => {
    if (!isMeasured) return;
    const { options, data } = chartOf({
      layers,
      partial: points.map((point) => point.partial || isCut(point, granularity)),
      ticks: (i) => (points[i] ? tickInWords(points[i].from, zone, granularity) : ''),
      theme,
      isDense,
      width: frame.current!.clientWidth,
      height,
      onCursor: setAt,
    });
    const made = new uPlot(options, data, frame.current!);
    plot.current = made;
    return () => made.destroy();
  }, [layers, points, zone, granularity, theme, isMeasured, isDense]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width]);

  const current = at !== null && at < points.length ? at : null;
  const inWords = useMemo(
    () => (current === null ? `${points.length} bars; arrow keys read them` : bucketInWords(points[current]!, layers, current, measure, zone, partInWords(points[current]!, granularity, zone, asOf))),
    [current, layers, points, measure, granularity, zone, asOf],
  );

  const press = (event: KeyboardEvent) => {
    const last = points.length - 1;
    const next = { ArrowRight: (at ?? -1) + 1, ArrowLeft: (at ?? last + 1) - 1, Home: 0, End: last }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(last, next)));
    } else if (event.key === 'Enter' && current !== null) onOpen?.(points[current]!);
    else if (event.key === 'Escape') setAt(null);
  };

  return (
    <div className="chart">
      <div
        className={onOpen ? 'chart-frame opens' : 'chart-frame'}
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-label={name}
        aria-valuemin={1}
        aria-valuemax={Math.max(1, points.length)}
        aria-valuenow={(current ?? 0) + 1}
        aria-valuetext={inWords}
        onKeyDown={press}
        onBlur={() => setAt(null)}
        onClick={() => current !== null && onOpen?.(points[current]!)}
      />
      {current !== null && plot.current && (
        <Tip left={plot.current.valToPos(current, 'x')} width={width} point={points[current]!} layers={layers} at={current} zone={zone} part={partInWords(points[current]!, granularity, zone, asOf)} />
      )}
    </div>
  );
}

interface TipProps {
  left: number;
  width: number;
  point: Point;
  layers: Layer[];
  at: number;
  zone: string;
  // part says what of a bucket is there, if it is not all of it.
  part: string;
}

function Tip({ left, width, point, layers, at, zone, part }: TipProps) {
  const theme = useTheme();
  const rows = layers.filter(({ values }) => values[at]! > 0);
  const total = layers.reduce((sum, { values }) => sum + values[at]!, 0);
  const place = left + 52;
  return (
    <div className="chart-tip" aria-hidden="true" style={place > width / 2 ? { right: width - place + 14 } : { left: place + 14 }}>
      <div className="chart-tip-head">
        <strong>{spanInWords(point, zone, 'short')}</strong>
        {part && <span className="dim">{part}</span>}
      </div>
      {rows.length > 1 && rows.map((layer) => (
        <div key={layer.id} className="chart-tip-row">
          <i style={{ background: colorOf(theme, layer.color) }} />
          <span>{layer.name}</span>
          <b className="numbers">{inWhole(layer.values[at]!)}</b>
        </div>
      ))}
      <div className="chart-tip-row total"><i /><span>Total</span><b className="numbers">{inWhole(total)}</b></div>
    </div>
  );
}

function partInWords(point: Point, granularity: AiUsageGranularity, zone: string, asOf: string): string {
  if (point.partial) return `until ${timeInWords(asOf, zone)}`;
  return isCut(point, granularity) ? `part of a ${granularityNames[granularity].long}` : '';
}

function bucketInWords(point: Point, layers: Layer[], at: number, measure: AiUsageMeasure, zone: string, part: string): string {
  const total = layers.reduce((sum, { values }) => sum + values[at]!, 0);
  const parts = layers.filter(({ values }) => values[at]! > 0).slice(0, 9).map(({ name, values }) => `${name} ${inWhole(values[at]!)}`);
  return `${spanInWords(point, zone)}${part && ` (${part})`}: ${inWhole(total)} ${measureNames[measure].long}${layers.length > 1 ? `; ${parts.join(', ')}` : ''}`;
}
