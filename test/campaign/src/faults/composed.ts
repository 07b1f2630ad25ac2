import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '@steadfast/lab';
import type { CampaignFault, Made, Stage } from './campaign-fault.ts';
import { describeSchedule, downOf, type Schedule } from './schedule.ts';

/** Longer than what several faults one after the other can make a call wait. */
const DEADLINE_MS = 90_000;
const WHOLE_S = 25;

/** A schedule as a fault of its own, that is judged when all of it is over. */
export function composed(name: string, schedule: Schedule): CampaignFault {
  const { faults, steps } = schedule;
  const any = (of: (fault: CampaignFault) => boolean | undefined): boolean => faults.some(of);
  const waits = steps.filter(({ move }) => move === 'whole').length;
  return {
    name,
    library: faults[0]?.library ?? 'pg',
    meaning: describeSchedule(schedule),
    shape: 'whole',
    deadlineMs: DEADLINE_MS,
    aboutS: Math.round((steps.at(-1)?.at ?? 0) / 1_000) + WHOLE_S * (1 + waits),
    linked: any((fault) => fault.linked),
    rest: any((fault) => fault.rest),
    rotatesPassword: any((fault) => fault.rotatesPassword),
    refuses: any((fault) => fault.refuses),
    stopsClients: any((fault) => fault.stopsClients),
    make: (stage) => perform(schedule, stage),
  };
}

/** Goes through the schedule; what is still made when it breaks off is healed. */
async function perform({ faults, steps }: Schedule, stage: Stage): Promise<Made> {
  const made = new Map<number, Made>();
  const heal = async (index: number): Promise<void> => {
    const each = made.get(index);
    made.delete(index);
    await each?.heal();
    await each?.mend?.();
  };
  const healAll = async (): Promise<void> => {
    for (const index of [...made.keys()].toReversed()) await heal(index);
  };
  const start = monotonicMs();
  try {
    for (const { at, move, fault: index } of steps) {
      await sleep(Math.max(0, start + at - monotonicMs()));
      const fault = index === undefined ? undefined : faults[index];
      if (index === undefined || !fault) await stage.lab.waitHealthy();
      else if (move === 'heal') await heal(index);
      else await attempt(index, fault);
    }
  } catch (error) {
    await healAll();
    throw error;
  }
  return { heal: healAll };

  async function attempt(index: number, fault: CampaignFault): Promise<void> {
    try {
      made.set(index, await fault.make(stage));
    } catch (error) {
      // A fault that leaves nothing behind can be refused by a cluster that is busy with another one.
      if (downOf(fault) > 0) throw error;
      stage.say(`${fault.name} could not be made: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
