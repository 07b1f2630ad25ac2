import { type CustomSeriesRenderItem, type CustomSeriesRenderItemReturn } from 'echarts';
import { type Chart, type LegendEntry, type Width } from '../document.ts';
import { AXIS, axisNumber, frame, MUTED, TEXT, WIDTHS } from './frame.ts';

/** One line of a chart of rows: bars, lanes in time, and intervals are all rows with other marks. */
export interface Row {
  readonly name: string;
  readonly marks: readonly Mark[];
  /** behind the last mark */
  readonly note?: string;
}

export type Mark =
  /** `text` stands in it where it fits */
  | {
      readonly kind: 'bar';
      readonly from: number;
      readonly to: number;
      readonly color: string;
      readonly text?: string;
    }
  | { readonly kind: 'whisker'; readonly from: number; readonly to: number; readonly color: string }
  | { readonly kind: 'point'; readonly at: number; readonly color: string }
  /** a short upright line, such as a goal */
  | { readonly kind: 'tick'; readonly at: number; readonly color: string };

export interface RowAxis {
  /** with its unit */
  readonly name: string;
  readonly type: 'value' | 'log';
  readonly min: number;
  readonly max: number;
  readonly format?: (value: number) => string;
  /** upright lines through all rows */
  readonly lines?: readonly { readonly at: number; readonly color: string; readonly dashed?: boolean }[];
  /** room behind the marks for notes, px of 12 px letters */
  readonly noteLetters?: number;
}

interface RowChart {
  readonly title: string;
  readonly summary: string;
  readonly axis: RowAxis;
  readonly rows: readonly Row[];
  readonly legend?: readonly LegendEntry[];
}

/** One element of a drawing, as ECharts wants it from a custom series. */
type Element = Record<string, unknown>;
type Coord = (x: number) => number;

/** What nothing happens in: light, so text on it is dark. */
export const IDLE = 'var(--idle)';

/** How wide a letter of a label is in the widest of the fonts that a system may have, px. */
const LETTER = 7.6;

export function rowChart({ title, summary, axis, rows, legend }: RowChart): Chart {
  return {
    title,
    summary,
    ...(legend ? { legend } : {}),
    draw: (width) => {
      const layout = layoutOf(rows, axis, width);
      return frame(layout.top + layout.bottom + rows.length * layout.row, {
        grid: { left: layout.left, right: layout.right, top: layout.top, bottom: layout.bottom },
        xAxis: {
          ...AXIS,
          type: axis.type,
          min: axis.min,
          max: axis.max,
          name: axis.name,
          nameLocation: 'middle',
          nameGap: 28,
          splitNumber: width === 'wide' ? 7 : 3,
          // The ends are as the data have them, not round: a label there would stand beside the next one.
          axisLabel: {
            ...AXIS.axisLabel,
            formatter: axis.format ?? axisNumber,
            showMaxLabel: false,
            showMinLabel: axis.min === 0,
          },
        },
        yAxis: {
          type: 'category',
          inverse: true,
          data: rows.map((_, n) => n),
          axisLabel: { show: false },
          axisTick: { show: false },
          axisLine: { show: false },
          splitLine: { show: false },
        },
        series: [
          {
            type: 'custom',
            clip: false,
            silent: true,
            data: rows.map((_, n) => [axis.min, n]),
            renderItem: rowDrawer(rows, axis, layout),
          },
        ],
      });
    },
  };
}

interface Layout {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly row: number;
  /** where a row's marks are in its band, from its middle */
  readonly middle: number;
  readonly bar: number;
  readonly labelAbove: boolean;
  readonly plot: number;
}

/** On a desk labels stand left of their rows; on a phone above them, since they would leave no room beside. */
function layoutOf(rows: readonly Row[], { noteLetters = 0 }: RowAxis, width: Width): Layout {
  const longest = Math.max(0, ...rows.map(({ name }) => name.length));
  const narrow = width === 'narrow';
  const left = narrow ? 12 : Math.min(longest * LETTER + 20, 340);
  const right = Math.max(20, noteLetters * LETTER + 12);
  return {
    left,
    right,
    top: 6,
    bottom: 46,
    row: narrow ? 44 : 30,
    middle: narrow ? 9 : 0,
    bar: narrow ? 14 : 16,
    labelAbove: narrow,
    plot: WIDTHS[width] - left - right,
  };
}

function rowDrawer(rows: readonly Row[], axis: RowAxis, layout: Layout): CustomSeriesRenderItem {
  return (params, api) => {
    const row = rows[params.dataIndex];
    const [, center = 0] = api.coord([axis.min, params.dataIndex]);
    const x: Coord = (value) => api.coord([Math.min(Math.max(value, axis.min), axis.max), 0])[0] ?? 0;
    const y = center + layout.middle;
    const children = row
      ? [
          ...(axis.lines ?? []).map(({ at, color, dashed }) =>
            layout.labelAbove
              ? upright(x(at), y - layout.bar, layout.bar * 2, color, dashed)
              : upright(x(at), center - layout.row / 2, layout.row, color, dashed),
          ),
          label(row.name, center, layout),
          ...row.marks.flatMap((mark) => draw(mark, x, y, layout)),
          ...(row.note === undefined ? [] : [noteOf(row, row.note, x, y, layout)]),
        ]
      : [];
    return { type: 'group', children } as unknown as CustomSeriesRenderItemReturn;
  };
}

function label(name: string, center: number, layout: Layout): Element {
  const at = layout.labelAbove
    ? { x: layout.left, y: center - 10, align: 'left' }
    : { x: layout.left - 10, y: center, align: 'right' };
  const letters = Math.floor((layout.labelAbove ? layout.plot + layout.right : layout.left - 16) / LETTER);
  return words(clipped(name, letters), at, TEXT, 12.5);
}

function draw(mark: Mark, x: Coord, y: number, layout: Layout): Element[] {
  switch (mark.kind) {
    case 'bar': {
      const [from, to] = [x(mark.from), x(mark.to)];
      const width = Math.max(to - from, 1.5);
      const shape = { x: from, y: y - layout.bar / 2, width, height: layout.bar, r: Math.min(2, width / 2) };
      const bar = { type: 'rect', shape, style: { fill: mark.color } };
      const fits = mark.text !== undefined && mark.text.length * LETTER < width - 6;
      return fits
        ? [
            bar,
            words(
              mark.text,
              { x: from + 5, y, align: 'left' },
              mark.color === IDLE ? TEXT : 'var(--on-bar)',
              12,
            ),
          ]
        : [bar];
    }
    case 'whisker':
      return [
        {
          type: 'line',
          shape: { x1: x(mark.from), y1: y, x2: x(mark.to), y2: y },
          style: { stroke: mark.color, lineWidth: 2 },
        },
        upright(x(mark.from), y - 5, 10, mark.color),
        upright(x(mark.to), y - 5, 10, mark.color),
      ];
    case 'point':
      return [{ type: 'circle', shape: { cx: x(mark.at), cy: y, r: 5 }, style: { fill: mark.color } }];
    case 'tick':
      return [upright(x(mark.at), y - layout.bar / 2 - 2, layout.bar + 4, mark.color, false, 3)];
  }
}

function noteOf({ marks }: Row, note: string, x: Coord, y: number, layout: Layout): Element {
  const ends = marks.map((mark) => x(mark.kind === 'bar' || mark.kind === 'whisker' ? mark.to : mark.at));
  return words(note, { x: Math.max(layout.left, ...ends) + 8, y, align: 'left' }, MUTED, 12);
}

function upright(
  at: number,
  y: number,
  height: number,
  stroke: string,
  dashed = false,
  lineWidth = 1.5,
): Element {
  return {
    type: 'line',
    shape: { x1: at, y1: y, x2: at, y2: y + height },
    style: { stroke, lineWidth, ...(dashed ? { lineDash: [4, 4] } : {}) },
  };
}

function words(
  text: string,
  { x, y, align }: { x: number; y: number; align: string },
  fill: string,
  fontSize: number,
): Element {
  return {
    type: 'text',
    style: { text, x, y, fill, fontSize, fontFamily: 'inherit', align, verticalAlign: 'middle' },
  };
}

function clipped(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`;
}

/** The end of an axis that leaves the largest value a little room. */
export function roomy(value: number): number {
  return value > 0 ? value * 1.04 : 1;
}
