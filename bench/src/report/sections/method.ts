import { type BenchResult, type TargetResult } from '../../result.ts';
import { timeChart } from '../charts/time-chart.ts';
import { type Section } from '../document.ts';
import { count, gigabytes, short } from '../format.ts';
import { libraryLabel } from '../labels.ts';

const MINUTE_MS = 60_000;

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
          { title: 'of that TCP, ms', align: 'right' },
          { title: 'of that TLS, ms', align: 'right' },
        ],
        rows: targets.map(({ name, library, strategy, where, tls, addedRoundTripMs, ...dialled }) => [
          name,
          libraryLabel(library),
          strategy,
          where,
          tls === undefined ? '–' : tls ? 'yes' : 'no',
          addedRoundTripMs === undefined ? '–' : String(addedRoundTripMs),
          ...dialTimes(dialled),
        ]),
      },
    ],
  };
}

/** How much the machine itself varied, and what was left out. */
export function noiseSection({ noise, notes }: BenchResult): Section {
  const { controls } = noise;
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
            timeChart(
              'Control work',
              'per second',
              controls.map(({ at, perSecond }) => ({ at: at / MINUTE_MS, value: perSecond })),
            ),
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

type Dialled = Pick<TargetResult, 'connect' | 'tcpConnect' | 'tlsHandshake'>;

/** The median and the 99th percentile of dialling, and the medians of its parts. */
function dialTimes({ connect, tcpConnect, tlsHandshake }: Dialled): string[] {
  return [connect?.p50, connect?.p99, tcpConnect?.p50, tlsHandshake?.p50].map((ms) =>
    ms === undefined ? '–' : short(ms),
  );
}
