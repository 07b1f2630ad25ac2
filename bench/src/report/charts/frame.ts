import { type Drawing, type Width } from '../document.ts';

export const TEXT = 'var(--text)';
export const MUTED = 'var(--muted)';
export const LINE = 'var(--line)';
const FONT = { fontFamily: 'inherit', color: TEXT, fontSize: 13 } as const;

interface Axis {
  readonly axisLine: object;
  readonly axisTick: object;
  readonly splitLine: object;
  readonly axisLabel: { readonly color: string; readonly fontSize: number; readonly hideOverlap: boolean };
  readonly nameTextStyle: { readonly color: string; readonly fontSize: number };
}

/** What all axes share. */
export const AXIS: Axis = {
  axisLine: { show: true, lineStyle: { color: LINE } },
  axisTick: { show: false },
  splitLine: { show: true, lineStyle: { color: LINE, opacity: 0.6 } },
  axisLabel: { color: MUTED, fontSize: 12, hideOverlap: true },
  nameTextStyle: { color: MUTED, fontSize: 12 },
};

/** The size of a chart as it is on the page. */
export const WIDTHS: Readonly<Record<Width, number>> = { wide: 960, narrow: 358 };

/** A drawing with what all of them share: no animation, the page's own colours and font. */
export function frame(height: number, option: Drawing['option']): Drawing {
  return { height, option: { animation: false, textStyle: FONT, ...option } };
}

/** A number as an axis says it: `0.1`, `1`, `10`, `1k`, `2.5M`. */
export function axisNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  // Values of ticks carry the dust of floating-point sums.
  return size >= 1_000 ? value.toLocaleString('en-US') : trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}
