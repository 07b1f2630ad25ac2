import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { WIDTHS } from './charts/frame.ts';
import { type Chart, type Width } from './document.ts';

use([CustomChart, LineChart, GridComponent, SVGRenderer]);

/** A chart as SVG text of its own, without script; its colours are the page's variables. */
export function drawSvg(chart: Chart, width: Width): string {
  const { height, option } = chart.draw(width);
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width: WIDTHS[width], height });
  try {
    drawing.setOption(option);
    return drawing.renderToSVGString();
  } finally {
    drawing.dispose();
  }
}
