import uPlot from 'uplot';
import { inShort } from '../format/numbers';
import { colorOf, inks, papers, type Theme } from './palette';
import { stacked, type Layer } from './stack';

interface ChartInput {
  layers: Layer[];
  // partial tells which buckets are not whole: they may still grow, or the range cuts them. They are
  // hatched.
  partial: boolean[];
  ticks: (i: number) => string;
  theme: Theme;
  // isDense tells whether bars are too thin for a line between them.
  isDense: boolean;
  width: number;
  height: number;
  onCursor: (i: number | null) => void;
}

// chartOf returns what uPlot draws: the sums from the top layer down, so that each covers
// what is not its own.
export function chartOf(input: ChartInput): { options: uPlot.Options; data: uPlot.AlignedData } {
  const { layers, theme } = input;
  const sums = stacked(layers).toReversed();
  const count = input.partial.length;
  const font = `12px ${getComputedStyle(document.documentElement).fontFamily}`;
  return {
    data: [Array.from({ length: count }, (_, i) => i), ...sums],
    options: {
      width: input.width,
      height: input.height,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      // Buckets are placed by number: days of 23 and 25 hours are one day each.
      scales: { x: { time: false, range: () => [-0.6, count - 0.4] }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.06 : 1] } },
      axes: [
        {
          stroke: inks[theme].text,
          font,
          size: 28,
          gap: 6,
          grid: { show: false },
          ticks: { show: false },
          splits: (u) => ticksOf(count, Math.max(2, Math.floor(u.width / 90))),
          values: (_, splits) => splits.map(input.ticks),
        },
        {
          stroke: inks[theme].text,
          font,
          size: 52,
          gap: 8,
          grid: { stroke: inks[theme].line, width: 1 },
          ticks: { show: false },
          incrs: Array.from({ length: 13 }, (_, i) => 10 ** i).flatMap((power) => [power, 2 * power, 5 * power]),
          values: (_, splits) => splits.map(inShort),
        },
      ],
      series: [{}, ...layers.toReversed().map((layer) => seriesOf(layer, input))],
      hooks: { setCursor: [(u) => input.onCursor(u.cursor.left !== undefined && u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null)] },
    },
  };
}

// ticksOf chooses which buckets are named: evenly, and none too close to another.
function ticksOf(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

function seriesOf(layer: Layer, { partial, theme, isDense }: ChartInput): uPlot.Series {
  const color = colorOf(theme, layer.color);
  const hatch = hatchOf(color, theme);
  const paper = papers[theme];
  return {
    label: layer.name,
    width: isDense ? 0 : 1,
    points: { show: false },
    paths: uPlot.paths.bars!({
      size: [0.78, 64],
      disp: {
        // uPlot takes a fill for each bar only where it has a stroke for each, too.
        fill: { unit: 3, values: () => partial.map((isPartial) => (isPartial ? hatch : color)) as string[] },
        stroke: { unit: 3, values: () => partial.map(() => paper) },
      },
    }),
  };
}

// hatchOf draws stripes of a colour.
function hatchOf(color: string, theme: Theme): CanvasPattern | string {
  const size = 8 * devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const context = tile.getContext('2d');
  if (!context) return color;
  context.fillStyle = papers[theme];
  context.fillRect(0, 0, size, size);
  context.strokeStyle = color;
  context.lineWidth = size / 2.6;
  for (const offset of [-size, 0, size]) {
    context.beginPath();
    context.moveTo(offset - 1, size + 1);
    context.lineTo(offset + size + 1, -1);
    context.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? color;
}
