/// <reference lib="dom" />
/** What there is to see of a chart in the browser. */
export interface DrawingLook {
  readonly name: string;
  /** shapes with an extent and a colour of the data, axes and grid not counted */
  readonly marks: number;
  /** labels that reach out of the drawing */
  readonly outside: readonly string[];
  /** labels that lie upon each other */
  readonly overlapping: readonly string[];
  /** labels with too little contrast to what is behind them, with the contrast */
  readonly faint: readonly string[];
}

/** Runs in the page: all charts that are shown. Stands on nothing outside of itself, since its text is sent there. */
export function drawings(): DrawingLook[] {
  const CONTRAST = 4.5;
  const SLACK = 1.5;
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.039_28 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => {
    const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const within = (inner: DOMRect, outer: DOMRect): boolean =>
    inner.left >= outer.left - SLACK &&
    inner.right <= outer.right + SLACK &&
    inner.top >= outer.top - SLACK &&
    inner.bottom <= outer.bottom + SLACK;
  const overlap = (a: DOMRect, b: DOMRect): boolean =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > SLACK &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  const behindMiddle = (outer: DOMRect, { left, right, top, bottom }: DOMRect): boolean => {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    return outer.left < x && x < outer.right && outer.top < y && y < outer.bottom;
  };

  return [...document.querySelectorAll('.chart')]
    .filter((chart) => chart.getBoundingClientRect().height > 0)
    .map((chart) => {
      const svg = chart.querySelector('svg');
      const frame = (svg ?? chart).getBoundingClientRect();
      const shapes = [...chart.querySelectorAll('path, line, circle, rect')].filter((shape) => {
        const { width, height } = shape.getBoundingClientRect();
        const paint = `${shape.getAttribute('fill')} ${shape.getAttribute('stroke')}`;
        return width + height > 1 && /--(?:series|good|bad|idle|muted)/.test(paint);
      });
      const texts = [...chart.querySelectorAll('text')]
        .filter((text) => text.textContent.trim() !== '')
        .map((text) => ({
          text: text.textContent,
          box: text.getBoundingClientRect(),
          color: getComputedStyle(text).fill,
        }));
      const panel = getComputedStyle(chart.closest('section') ?? document.body).backgroundColor;
      return {
        name: chart.getAttribute('aria-label')?.slice(0, 60) ?? '',
        marks: shapes.length,
        outside: texts.filter(({ box }) => !within(box, frame)).map(({ text }) => text),
        overlapping: texts.flatMap((one, n) =>
          texts
            .slice(n + 1)
            .filter((other) => overlap(one.box, other.box))
            .map((other) => `${one.text} / ${other.text}`),
        ),
        faint: texts.flatMap(({ text, box, color }) => {
          const ground = shapes.findLast((shape) => behindMiddle(shape.getBoundingClientRect(), box));
          const behind = ground ? getComputedStyle(ground).fill : panel;
          const found = contrast(color, behind === 'none' ? panel : behind);
          return found < CONTRAST ? [`${text}: ${found.toFixed(1)}`] : [];
        }),
      };
    });
}

/** Runs in the page: how wide it is. */
export function pageWidth(): number {
  return document.documentElement.scrollWidth;
}
