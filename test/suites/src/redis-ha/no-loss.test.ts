import { afterEach, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { ours, runSideBySide, tunedIoredis, type Contestant, type Course } from './side-by-side.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
const open: Contestant[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await held.lab.waitHealthy(60_000);
});

function enter<C extends Contestant>(contestant: C): C {
  open.push(contestant);
  return contestant;
}

function named(courses: readonly Course[], name: string): Course {
  const found = courses.find((course) => course.name === name);
  if (!found) throw new Error(`${name} did not take part`);
  return found;
}

describe('what is acknowledged', () => {
  it('survives a planned failover, followed as announced or as promoted', async () => {
    const { lab } = held;
    const contestants = [
      enter(ours(lab, 'announced')),
      enter(ours(lab, 'promoted', { follow: 'promoted' })),
      enter(tunedIoredis(lab)),
    ];
    const courses = await runSideBySide(lab, { fault: 'sentinel-failover', contestants });
    for (const name of ['announced', 'promoted']) {
      expect(named(courses, name).lost).toEqual([]);
      expect(named(courses, name).doubled).toEqual([]);
    }
    expect(named(courses, 'promoted').lagMs).toBeLessThan(named(courses, 'announced').lagMs);
  });

  it('is followed as promoted after a crash', async () => {
    const { lab } = held;
    const contestants = [
      enter(ours(lab, 'announced')),
      enter(ours(lab, 'promoted', { follow: 'promoted' })),
      enter(tunedIoredis(lab)),
    ];
    const courses = await runSideBySide(lab, { fault: 'redis-crash', contestants });
    expect(named(courses, 'promoted').doubled).toEqual([]);
    expect(named(courses, 'promoted').lagMs).toBeLessThan(named(courses, 'announced').lagMs);
  });

  it('on a master that is cut off from its peers alone', async () => {
    const { lab } = held;
    const contestants = [
      enter(ours(lab, 'announced')),
      enter(ours(lab, 'promoted', { follow: 'promoted' })),
      enter(tunedIoredis(lab)),
    ];
    const courses = await runSideBySide(lab, {
      fault: 'redis-partition',
      args: { clients: 'kept' },
      contestants,
    });
    expect(named(courses, 'promoted').doubled).toEqual([]);
  });
});
