import { describe, expect, it } from 'vitest';
import { faultOf, type CampaignFault, type Stage } from './campaign-fault.ts';
import { composed } from './composed.ts';
import { inTurn, once, onClients, stutter } from './makes.ts';
import type { ScheduleStep } from './schedule.ts';

/** Everything that is done, in order. */
let done: string[] = [];

const stage = {
  lab: { waitHealthy: async () => void done.push('whole') },
  say: (trouble: string) => void done.push(trouble),
} as unknown as Stage;

const fault = (name: string, make?: CampaignFault['make'], down = 0): CampaignFault =>
  faultOf('pg')(
    name,
    '',
    'none',
    1,
    make ??
      (async () => {
        done.push(`+${name}`);
        return { heal: async () => void done.push(`-${name}`) };
      }),
    { combines: { touches: ['links'], down } },
  );

const fails: CampaignFault['make'] = () => Promise.reject(new Error('refused'));

async function run(faults: CampaignFault[], moves: [ScheduleStep['move'], number?][]): Promise<void> {
  done = [];
  const steps = moves.map(([move, index], n) => ({
    at: n,
    move,
    ...(index !== undefined && { fault: index }),
  }));
  const made = await composed('both', { faults, steps }).make(stage);
  await made.heal();
}

describe('a schedule that is performed', () => {
  it('makes and heals in its order, waits where it says so, and heals what is left', async () => {
    await run([fault('a'), fault('b')], [['make', 0], ['make', 1], ['heal', 0], ['whole']]);
    expect(done).toEqual(['+a', '+b', '-a', 'whole', '-b']);
  });

  it('goes on without a fault that was refused, and tells', async () => {
    await run(
      [fault('a', fails), fault('b')],
      [
        ['make', 0],
        ['make', 1],
        ['heal', 0],
        ['heal', 1],
      ],
    );
    expect(done).toEqual(['a could not be made: refused', '+b', '-b']);
  });

  it('breaks off where a member could not be taken away, with all healed', async () => {
    const broken = run(
      [fault('a'), fault('b', fails, 1)],
      [
        ['make', 0],
        ['make', 1],
        ['heal', 0],
      ],
    );
    await expect(broken).rejects.toThrow('refused');
    expect(done).toEqual(['+a', '-a']);
  });
});

describe('faults made of others', () => {
  it('in turn are healed in the opposite order, also where the last one fails', async () => {
    done = [];
    const both = await inTurn(fault('a').make, fault('b').make)(stage);
    await both.heal();
    await both.heal();
    await expect(inTurn(fault('c').make, fails)(stage)).rejects.toThrow('refused');
    expect(done).toEqual(['+a', '+b', '-b', '-a', '+c', '-c']);
  });

  it('that stutter are made again and again, and are healed in the end', async () => {
    done = [];
    let third: () => void = () => undefined;
    const often = new Promise<void>((resolve) => (third = resolve));
    const count = once(async () => (done.filter((each) => each === '+a').length === 3 ? third() : undefined));
    const made = await stutter(inTurn(fault('a').make, count), { brokenMs: 1, wellMs: 1 })(stage);
    await often;
    await made.heal();
    const turns = done.filter((each) => each === '+a').length;
    expect(done).toEqual(Array.from({ length: turns }, () => ['+a', '-a']).flat());
  });

  it('tell the end of a stutter that failed in between', async () => {
    const made = await stutter(fails, { brokenMs: 1, wellMs: 1 })(stage);
    await expect(made.heal()).rejects.toThrow('refused');
  });

  it('are done to every client, and undone', async () => {
    done = [];
    const client = (name: string): object => ({
      block: (ms: number) => void done.push(`${name} blocked for ${ms}`),
      shiftClock: (ms: number) => void done.push(`${name} is off by ${ms}`),
    });
    const made = await onClients(
      (each) => each.block(5),
      (each) => each.shiftClock(0),
    )({ ...stage, clients: [client('a'), client('b')] } as unknown as Stage);
    await made.heal();
    expect(done).toEqual(['a blocked for 5', 'b blocked for 5', 'a is off by 0', 'b is off by 0']);
  });
});
