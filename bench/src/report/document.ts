import { type EChartsCoreOption } from 'echarts/core';

/** What a report says, before it is written down as HTML or as Markdown. All texts are plain: writers escape them. */
export interface Document {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly Section[];
}

export interface Section {
  /** of the anchor */
  readonly id: string;
  readonly title: string;
  /** each a paragraph */
  readonly text?: readonly string[];
  /** to be noticed before anything else of the section */
  readonly warnings?: readonly string[];
  /** sentences of equal weight */
  readonly points?: readonly string[];
  readonly charts?: readonly Chart[];
  readonly tables?: readonly Table[];
  /** commands to type */
  readonly code?: string;
}

export interface Table {
  readonly title: string;
  /** detail that not everybody wants to see: HTML shows it when it is asked for */
  readonly folded?: true;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

export interface Column {
  readonly title: string;
  /** default left */
  readonly align?: 'left' | 'right';
}

/** A drawing in two widths; what it shows stands in a table too. */
export interface Chart {
  readonly title: string;
  /** what a reader who does not see it is told */
  readonly summary: string;
  readonly legend?: readonly LegendEntry[];
  readonly draw: (width: Width) => Drawing;
}

export interface LegendEntry {
  readonly name: string;
  readonly look: Look;
}

/** Told apart by colour, and, where colours run out or are not seen, by dash or symbol. */
export interface Look {
  /** a CSS variable, as in `var(--series-1)` */
  readonly color: string;
  readonly dash: readonly number[];
  readonly symbol: string;
}

/** `wide`: 960 px, as on a desk. `narrow`: 358 px, as on a phone. */
export type Width = 'wide' | 'narrow';

export interface Drawing {
  readonly height: number;
  readonly option: EChartsCoreOption;
}
