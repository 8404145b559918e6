import { valueOf, type Amount } from '../format/numbers';
import type { AiUsageGranularity, AiUsageMeasure } from '../generated/graphql';

export interface Point extends Amount {
  from: string;
  to: string;
  partial: boolean;
}

export interface Part {
  id: string;
  name: string;
  points: Point[];
}

// ChartData is what the gateway answers for a chart.
export interface ChartData {
  points: Point[];
  parts: Part[];
  // count is of how many accounts or customers the parts are the largest.
  count: number | undefined;
  zone: string;
  asOf: string;
  granularity: AiUsageGranularity;
}

export interface Layer {
  id: string;
  name: string;
  // color is the place in the palette; the rest comes last and has a grey of its own.
  color: number;
  values: number[];
  isRest: boolean;
}

// pastPoints leaves out what is still to come: it is no fall to zero.
export const pastPoints = <P extends { from: string }>(points: readonly P[], asOf: string): P[] => points.filter(({ from }) => Date.parse(from) < Date.parse(asOf));

// layersOf makes the layers of a chart, largest first: the parts, and what is left of the whole.
export function layersOf(whole: Point[], parts: Part[], measure: AiUsageMeasure, restName: string): Layer[] {
  const rest = whole.map((point) => valueOf(point, measure));
  const layers = parts.map(({ id, name, points }, color) => ({
    id,
    name,
    color,
    isRest: false,
    values: whole.map((_, i) => {
      const value = points[i] ? valueOf(points[i], measure) : 0;
      rest[i]! -= value;
      return value;
    }),
  }));
  if (parts.length > 0 && rest.every((value) => value === 0)) return layers;
  return [...layers, { id: '', name: restName, color: parts.length > 0 ? -1 : 0, isRest: parts.length > 0, values: rest }];
}

// stacked adds layers up from the first, which lies at the bottom.
export function stacked(layers: Layer[]): number[][] {
  const sums = new Array<number>(layers[0]?.values.length ?? 0).fill(0);
  return layers.map(({ values }) => values.map((value, i) => (sums[i]! += value)));
}
