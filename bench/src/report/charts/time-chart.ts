import { type Chart } from '../document.ts';
import { AXIS, axisNumber, frame } from './frame.ts';

/** Something that was looked at now and then: `at` in minutes. */
export interface Moment {
  readonly at: number;
  readonly value: number;
}

/** How something went on, from zero, so that a change looks as large as it is. */
export function timeChart(title: string, unit: string, moments: readonly Moment[]): Chart {
  return {
    title,
    summary: moments.map(({ at, value }) => `${at.toFixed(1)} min: ${axisNumber(value)} ${unit}`).join('; '),
    draw: (width) =>
      frame(220, {
        grid: { left: width === 'wide' ? 66 : 48, right: 20, top: 32, bottom: 46 },
        xAxis: {
          ...AXIS,
          type: 'value',
          min: 0,
          max: Math.max(1, ...moments.map(({ at }) => at)) * 1.02,
          name: 'minutes since the run began',
          nameLocation: 'middle',
          nameGap: 28,
          axisLabel: { ...AXIS.axisLabel, formatter: axisNumber, showMaxLabel: false },
        },
        yAxis: {
          ...AXIS,
          type: 'value',
          min: 0,
          name: unit,
          nameTextStyle: {
            ...AXIS.nameTextStyle,
            align: 'left',
            padding: [0, 0, 0, width === 'wide' ? -50 : -40],
          },
          splitNumber: 4,
          axisLabel: { ...AXIS.axisLabel, formatter: axisNumber },
        },
        series: [
          {
            type: 'line',
            data: moments.map(({ at, value }) => [at, value]),
            symbol: 'circle',
            symbolSize: 7,
            lineStyle: { color: 'var(--series-1)', width: 1.5 },
            itemStyle: { color: 'var(--series-1)' },
          },
        ],
      }),
  };
}
