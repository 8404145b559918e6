import { useMemo, useState } from 'react';
import { ToggleButton } from 'react-aria-components';
import type { AiUsageGranularity, AiUsageMeasure } from '../generated/graphql';
import { spanInWords } from '../format/dates';
import { inWhole, measureNames } from '../format/numbers';
import { Choice } from '../parts/choice';
import { useTheme } from '../theme/theme';
import { granularityNames, isCut } from './buckets';
import { Chart } from './chart';
import { colorOf } from './palette';
import { layersOf, pastPoints, type ChartData, type Layer, type Point } from './stack';

interface ChartPanelProps {
  chart: ChartData;
  // of is what the parts are, if there are any.
  of: 'accounts' | 'customers' | undefined;
  restName: string;
  measure: AiUsageMeasure;
  granularities: AiUsageGranularity[];
  onGranularity: (granularity: AiUsageGranularity) => void;
  // onOpen shows the span of a bar; undefined where there is nothing finer to see.
  onOpen: ((point: Point) => void) | undefined;
}

export function ChartPanel({ chart, of, restName, measure, granularities, onGranularity, onOpen }: ChartPanelProps) {
  const { points, parts, granularity, zone, asOf } = chart;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [isTable, setTable] = useState(false);
  const past = useMemo(() => pastPoints(points, asOf), [points, asOf]);
  const layers = useMemo(() => layersOf(past, parts, measure, restName), [past, parts, measure, restName]);
  const shown = useMemo(() => layers.filter(({ id }) => !hidden.has(id)), [layers, hidden]);
  const name = `${measureNames[measure].long} by ${granularityNames[granularity].long}${parts.length > 0 ? `, ${parts.length === 8 ? '8 largest ' : ''}${of}` : ''}`;
  const toggle = (id: string, isShown: boolean) => {
    const next = new Set(hidden);
    if (isShown) next.delete(id);
    else next.add(id);
    setHidden(next);
  };
  return (
    <section className="panel chart-panel" aria-label={name}>
      <div className="chart-head">
        <h2>{name}</h2>
        <div className="chart-tools">
          <Choice
            label="Length of a bar"
            options={granularities.map((id) => ({ id, name: granularityNames[id].button }))}
            chosen={granularity}
            onChoose={onGranularity}
          />
          <ToggleButton className="button" isSelected={isTable} onChange={setTable}>{isTable ? 'Show as chart' : 'Show as table'}</ToggleButton>
        </div>
      </div>
      {isTable
        ? <Twin name={name} points={past} layers={layers} zone={zone} granularity={granularity} onOpen={onOpen} />
        : (
          <div className={layers.length > 1 ? 'chart-body with-legend' : 'chart-body'}>
            <Chart name={name} points={past} layers={shown} measure={measure} granularity={granularity} zone={zone} asOf={asOf} onOpen={onOpen} />
            {layers.length > 1 && <Legend layers={layers} hidden={hidden} onToggle={toggle} />}
          </div>
        )}
    </section>
  );
}

function Legend({ layers, hidden, onToggle }: { layers: Layer[]; hidden: ReadonlySet<string>; onToggle: (id: string, isShown: boolean) => void }) {
  const theme = useTheme();
  return (
    <ul className="legend" aria-label="What is shown">
      {layers.map((layer) => (
        <li key={layer.id}>
          <ToggleButton className="legend-item" isSelected={!hidden.has(layer.id)} onChange={(isShown) => onToggle(layer.id, isShown)}>
            <i style={{ background: colorOf(theme, layer.color) }} />
            <span>{layer.name}</span>
          </ToggleButton>
        </li>
      ))}
    </ul>
  );
}

interface TwinProps extends Pick<ChartPanelProps, 'onOpen'>, Pick<ChartData, 'zone' | 'granularity'> {
  name: string;
  points: Point[];
  layers: Layer[];
}

// Twin has the chart's figures as a table, and its bars as buttons.
function Twin({ name, points, layers, zone, granularity, onOpen }: TwinProps) {
  return (
    <div className="twin" tabIndex={0} role="region" aria-label={`${name}, as a table`}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" className="end">Total</th>
            {layers.length > 1 && layers.map(({ id, name: layer }) => <th key={id} scope="col" className="end">{layer}</th>)}
          </tr>
        </thead>
        <tbody>
          {points.map((point, i) => (
            <tr key={point.from}>
              <th scope="row">
                {onOpen ? <button type="button" className="link" onClick={() => onOpen(point)}>{spanInWords(point, zone, 'short')}</button> : spanInWords(point, zone, 'short')}
                {point.partial ? ' (not over)' : isCut(point, granularity) && ` (part of a ${granularityNames[granularity].long})`}
              </th>
              <td className="end numbers">{inWhole(layers.reduce((sum, { values }) => sum + values[i]!, 0))}</td>
              {layers.length > 1 && layers.map(({ id, values }) => <td key={id} className="end numbers">{inWhole(values[i]!)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
