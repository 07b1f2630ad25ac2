import { afterEach, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import type { SurvivalReport } from '@steadfast/redis-ha';
import { durably, ours, runSideBySide, tunedIoredis, type Contestant, type Course } from './side-by-side.ts';

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
    const promoted = enter(ours(lab, 'promoted', { follow: 'promoted' }));
    const reports: SurvivalReport[] = [];
    promoted.redis.on('survival', (report: SurvivalReport) => reports.push(report));
    const courses = await runSideBySide(lab, {
      fault: 'sentinel-failover',
      contestants: [
        enter(ours(lab, 'announced')),
        promoted,
        enter(durably(lab, 'durable')),
        enter(tunedIoredis(lab)),
      ],
    });
    for (const name of ['announced', 'promoted', 'durable']) {
      expect(named(courses, name).recovered).toBe(true);
      expect(named(courses, name).lost).toEqual([]);
      expect(named(courses, name).doubled).toEqual([]);
    }
    expect(named(courses, 'promoted').lagMs).toBeLessThan(named(courses, 'announced').lagMs);
    const [report] = reports;
    expect(reports).toHaveLength(1);
    expect(report).toMatchObject({ lost: 0 });
    // Writes are held from the announcement on, and looked at again then: what no look has shown is little.
    expect(report?.survived).toBeGreaterThan(0.8 * (report?.acknowledged ?? Infinity));
  });

  it('on a master that is cut off from its peers alone is little with the heartbeat, and nothing where it is durable', async () => {
    const { lab } = held;
    const beating = enter(ours(lab, 'heartbeat', { replicaHeartbeatMs: 100, survivalReport: true }));
    const counting = enter(ours(lab, 'announced', { survivalReport: true }));
    const reports: SurvivalReport[] = [];
    counting.redis.on('survival', (report: SurvivalReport) => reports.push(report));
    const courses = await runSideBySide(lab, {
      fault: 'redis-partition',
      args: { clients: 'kept' },
      contestants: [counting, beating, enter(durably(lab, 'durable')), enter(tunedIoredis(lab))],
    });
    for (const { name, doubled, recovered } of courses.filter((course) => course.name !== 'ioredis'))
      expect({ name, doubled, recovered }).toEqual({ name, doubled: [], recovered: true });
    expect(named(courses, 'durable').lost).toEqual([]);
    expect(named(courses, 'heartbeat').lost.length).toBeLessThan(named(courses, 'ioredis').lost.length / 2);
    const [report] = reports;
    const { lost } = named(courses, 'announced');
    expect(report?.lost).toBeGreaterThan(0);
    expect(report?.lost).toBeLessThanOrEqual(lost.length);
    expect((report?.lost ?? 0) + (report?.unknowable ?? 0)).toBeGreaterThanOrEqual(lost.length);
  });
});
