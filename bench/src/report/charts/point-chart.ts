import { type CustomSeriesRenderItem, type CustomSeriesRenderItemReturn } from 'echarts';
import { type Chart, type Look, type Width } from '../document.ts';
import { AXIS, axisNumber, frame } from './frame.ts';

/** Something with a span of prices and one measured figure. */
export interface Point {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly look: Look;
}

/** Figures against prices: down and to the left is better. */
export function pointChart(title: string, xName: string, yName: string, points: readonly Point[]): Chart {
  return {
    title,
    summary: `${yName} against ${xName}: ${points.map(({ name, from, to, y }) => `${name} ${axisNumber(y)} at ${axisNumber(from)} to ${axisNumber(to)}`).join('; ')}.`,
    legend: points.map(({ name, look }) => ({ name, look })),
    draw: (width) => frame(width === 'wide' ? 320 : 280, option(xName, yName, points, width)),
  };
}

function option(
  xName: string,
  yName: string,
  points: readonly Point[],
  width: Width,
): ReturnType<typeof frame>['option'] {
  return {
    grid: { left: width === 'wide' ? 66 : 48, right: 20, top: 32, bottom: 46 },
    xAxis: {
      ...AXIS,
      type: 'value',
      min: 0,
      max: Math.ceil(Math.max(10, ...points.map(({ to }) => to)) * 1.08),
      name: xName,
      nameLocation: 'middle',
      nameGap: 28,
      splitNumber: width === 'wide' ? 8 : 4,
      axisLabel: { ...AXIS.axisLabel, formatter: axisNumber, showMaxLabel: false },
    },
    yAxis: {
      ...AXIS,
      type: 'value',
      min: 0,
      max: Math.max(...points.map(({ y }) => y)) * 1.15,
      name: yName,
      nameLocation: 'end',
      nameTextStyle: {
        ...AXIS.nameTextStyle,
        align: 'left',
        padding: [0, 0, 0, width === 'wide' ? -50 : -40],
      },
      axisLabel: { ...AXIS.axisLabel, formatter: axisNumber, showMaxLabel: false },
    },
    series: [
      {
        type: 'custom',
        silent: true,
        clip: false,
        data: points.map(({ from, y }) => [from, y]),
        renderItem: drawer(points),
      },
    ],
  };
}

function drawer(points: readonly Point[]): CustomSeriesRenderItem {
  return ({ dataIndex }, api) => {
    const point = points[dataIndex];
    if (!point) return { type: 'group', children: [] };
    const [x1 = 0, y = 0] = api.coord([point.from, point.y]);
    const [x2 = 0] = api.coord([point.to, point.y]);
    const stroke = point.look.color;
    return {
      type: 'group',
      children: [
        { type: 'line', shape: { x1, y1: y, x2, y2: y }, style: { stroke, lineWidth: 5, opacity: 0.45 } },
        { type: 'circle', shape: { cx: (x1 + x2) / 2, cy: y, r: 6 }, style: { fill: stroke } },
      ],
    } as unknown as CustomSeriesRenderItemReturn;
  };
}
