import { type BenchResult } from '../../result.ts';
import { rowChart } from '../charts/row-chart.ts';
import { type Section } from '../document.ts';
import { count, duration, gigabytes, longDuration, rate, short } from '../format.ts';
import { libraryLabel } from '../labels.ts';

/** Where and on what it was measured. */
export function machineSection({ machine, versions, targets }: BenchResult): Section {
  return {
    id: 'machine',
    title: 'Machine, versions and targets',
    tables: [
      {
        title: 'Machine',
        columns: [{ title: 'what' }, { title: 'value' }],
        rows: [
          ['CPU', machine.cpu],
          ['cores', count(machine.cores)],
          ['memory', gigabytes(machine.memoryBytes)],
          ['system', machine.os],
          ...Object.entries(versions),
        ],
      },
      {
        title: 'Targets',
        columns: [
          { title: 'target' },
          { title: 'database' },
          { title: 'strategy' },
          { title: 'where' },
          { title: 'TLS' },
          { title: 'added round trip, ms', align: 'right' },
          { title: 'connect p50, ms', align: 'right' },
          { title: 'connect p99, ms', align: 'right' },
        ],
        rows: targets.map(({ name, library, strategy, where, tls, addedRoundTripMs, connect }) => [
          name,
          libraryLabel(library),
          strategy,
          where,
          tls === undefined ? '–' : tls ? 'yes' : 'no',
          addedRoundTripMs === undefined ? '–' : String(addedRoundTripMs),
          connect ? short(connect.p50) : '–',
          connect ? short(connect.p99) : '–',
        ]),
      },
    ],
  };
}

/** How much the machine itself varied, and what was left out. */
export function noiseSection({ noise, notes }: BenchResult): Section {
  const { controls } = noise;
  const most = Math.max(0, ...controls.map(({ perSecond }) => perSecond));
  return {
    id: 'noise',
    title: 'Noise and notes',
    text: [
      `The same control work before, between and after the measurements varied by up to ${(noise.spread * 100).toFixed(1)} % from its median${noise.tooNoisy ? ', which is too much to rely on small differences' : ''}.`,
    ],
    points: notes,
    charts:
      controls.length === 0
        ? []
        : [
            rowChart({
              title: 'Control work',
              summary: controls
                .map(({ at, perSecond }) => `${duration(at)}: ${rate(perSecond)}/s`)
                .join('; '),
              axis: { name: 'per second', type: 'value', min: 0, max: most * 1.04 || 1, noteLetters: 8 },
              rows: controls.map(({ at, perSecond }) => ({
                name: `after ${longDuration(at)}`,
                marks: [{ kind: 'bar', from: 0, to: perSecond, color: 'var(--series-7)' }],
                note: rate(perSecond),
              })),
            }),
          ],
  };
}

/** What to type to have it again. */
export function repeatSection({ command, seed }: BenchResult): Section {
  return {
    id: 'repeat',
    title: 'How to repeat',
    text: [`The order of the measurements and the data come from the seed ${seed}.`],
    code: `${command}\nsteadfast-bench report result.json\nsteadfast-bench compare before.json result.json`,
  };
}
