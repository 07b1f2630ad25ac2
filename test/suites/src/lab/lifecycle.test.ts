import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Lab, monotonicMs, type LabDescription } from '@steadfast/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { need, postgresMember, query } from './ask.ts';
import { present, processesAbout, segmentIds, segmentsOf } from './machine.ts';

const UP_LIMIT_MS = 20_000;
const DOWN_LIMIT_MS = 5_000;

const open = new Set<Lab>();
afterEach(async ({ task }) => {
  const keepLogs = task.result?.state === 'fail';
  for (const lab of open) {
    const logs = await lab.down({ keepLogs });
    if (logs) console.error(`the logs of lab '${lab.description.id}' are in ${logs}`);
  }
  open.clear();
});

async function up(...args: Parameters<typeof Lab.up>): Promise<Lab> {
  const lab = await Lab.up(...args);
  open.add(lab);
  return lab;
}

async function down(lab: Lab): Promise<void> {
  open.delete(lab);
  await lab.down();
}

/** What only this lab has: folders, by which its processes are found, and names of its network. */
function marksOf({ dir }: LabDescription): { folders: string[]; names: Parameters<typeof present>[0] } {
  const { blueprint } = JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8')) as {
    blueprint: {
      dataDir: string;
      names?: { switch: string; hosts: Record<string, string>; roots: Record<string, string> };
    };
  };
  const { names } = blueprint;
  return {
    folders: [dir, blueprint.dataDir],
    names: {
      namespaces: names ? [names.switch, ...Object.values(names.hosts)] : [],
      interfaces: names ? Object.values(names.roots) : [],
    },
  };
}

describe('a lab', () => {
  it('comes up within 20 s, is healthy, goes down within 5 s and leaves nothing behind', async () => {
    const started = monotonicMs();
    const lab = await up();
    const upMs = monotonicMs() - started;
    await lab.waitHealthy(5_000);
    const { folders, names } = marksOf(lab.description);
    const pids = processesAbout(folders);
    expect(pids.length).toBeGreaterThan(12);
    const segments = segmentsOf(pids);
    expect(segments).toHaveLength(3);
    // Five namespaces and three interfaces, or none of them on loopback.
    expect(present(names)).toHaveLength(names.namespaces.length + names.interfaces.length);

    const stopping = monotonicMs();
    await down(lab);
    const downMs = monotonicMs() - stopping;
    console.log(`up ${upMs.toFixed(0)} ms, down ${downMs.toFixed(0)} ms`);
    expect(upMs).toBeLessThan(UP_LIMIT_MS);
    expect(downMs).toBeLessThan(DOWN_LIMIT_MS);
    expect(present(names)).toEqual([]);
    expect(processesAbout(folders)).toEqual([]);
    expect(folders.filter(existsSync)).toEqual([]);
    expect(segmentIds().filter((id) => segments.includes(id))).toEqual([]);
  });

  it('runs beside another one, each with its own addresses, folder and data', async () => {
    const [one, other] = await Promise.all([up({ redis: false }), up({ redis: false })]);
    await Promise.all([one.waitHealthy(30_000), other.waitHealthy(30_000)]);
    const addresses = [one, other].flatMap(({ description }) => description.hosts.map(({ ip }) => ip));
    expect(new Set(addresses).size).toBe(6);
    expect(one.description.dir).not.toBe(other.description.dir);
    const at = (lab: Lab): Promise<Record<string, unknown>[]> =>
      query(
        lab.description,
        postgresMember(lab.description, 'h1'),
        'SELECT system_identifier FROM pg_control_system()',
      );
    expect(await at(one)).not.toEqual(await at(other));
    await down(one);
    await other.waitHealthy(5_000);
  });

  // `ip netns exec` and containers have mounts of their own: the names of the namespaces are not seen from outside.
  const root = process.getuid?.() === 0;
  const ways = [
    { among: 'the same mounts', way: [process.execPath] },
    ...(root ? [{ among: 'mounts of its own', way: ['unshare', '--mount', process.execPath] }] : []),
  ];
  it.each(ways)('that a killed run among $among left is cleaned up by the next one', async ({ way }) => {
    const index = new URL(import.meta.resolve('@steadfast/lab')).href;
    const script = `const { Lab } = await import(${JSON.stringify(index)});
      const lab = await Lab.up({ postgres: false });
      console.log(JSON.stringify(lab.description));
      setInterval(() => {}, 1000);`;
    const [command = '', ...before] = way;
    const earlier = processesAbout(['/steadfast-lab-']);
    const child = spawn(command, [...before, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 2],
    });
    const [line] = (await once(need(child.stdout ?? undefined), 'data')) as [Buffer];
    const left = JSON.parse(line.toString()) as LabDescription;
    const { folders } = marksOf(left);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const orphans = processesAbout(folders).filter((pid) => !earlier.includes(pid));
    expect(orphans.length).toBeGreaterThan(5);

    const said: string[] = [];
    const next = await up({ id: 'after', postgres: false, onProgress: (progress) => said.push(progress) });
    expect(said.join('\n')).toContain(
      `cleaning up lab '${left.id}': its starter, process ${child.pid}, is gone`,
    );
    // The next lab may have taken over the number and with it the folder of the data.
    expect(orphans.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(existsSync(left.dir)).toBe(false);
    await next.waitHealthy(5_000);
  });

  it('keeps the logs of every server outside its folder when asked to', async () => {
    const lab = await up({ postgres: false });
    open.delete(lab);
    const logs = await lab.down({ keepLogs: true });
    const files = readdirSync(logs ?? '', { recursive: true }).map(String);
    expect(files).toContain('h2/redis.log');
    expect(files).toContain('h3/sentinel.log');
    expect(existsSync(lab.description.dir)).toBe(false);
  });
});

describe('without network namespaces', () => {
  it('a lab runs on loopback, and names the faults that need one', async () => {
    const lab = await up({ network: 'loopback' });
    await lab.waitHealthy(5_000);
    expect(lab.description.hosts.every(({ ip }) => ip.startsWith('127.'))).toBe(true);
    for (const name of ['partition', 'partition-clients', 'partition-dcs', 'redis-partition'] as const) {
      await expect(lab.fault(name)).rejects.toThrow(
        `fault '${name}' cannot be made here: it needs network namespaces and this lab runs on loopback`,
      );
    }
    const crash = await lab.fault('crash', { target: 'h3' });
    const folder = join(marksOf(lab.description).folders[1] ?? '', 'h3');
    expect(processesAbout([folder])).toEqual([]);
    await crash.heal();
    await lab.waitHealthy();
  });
});

describe('wrong input', () => {
  const cases: [string, () => Promise<unknown>, string][] = [
    [
      'an option',
      () => Lab.up({ postgress: {} } as object),
      "option 'postgress' is unknown: allowed are id, network",
    ],
    [
      'a number',
      () => Lab.up({ postgres: { ttl: 5 } }),
      'postgres.ttl 5: allowed is a whole number from 20 to 600',
    ],
    [
      'a timing',
      () => Lab.up({ postgres: { loopWait: 15 } }),
      'loopWait 15 + 2 × retryTimeout 5 must not exceed it',
    ],
    ['a combination', () => Lab.up({ haproxy: false, pgbouncer: true }), 'pgbouncer stands behind haproxy'],
    ['an id', () => Lab.up({ id: 'No Such' }), 'lab id "No Such": allowed are 1 to 12 of a-z, 0-9'],
    ['a lab', () => Lab.attach('nosuch'), "there is no lab 'nosuch' up under"],
  ];
  it.each(cases)('%s that is wrong is named with what is allowed', async (_name, act, message) => {
    await expect(act()).rejects.toThrow(message);
  });

  it('of a missing program names it and its package', async () => {
    const path = process.env['PATH'];
    try {
      process.env['PATH'] = dirname(process.execPath);
      await expect(Lab.up()).rejects.toThrow(
        /programs that the lab needs and that are missing: .*patroni \(Debian 12 package patroni\)/,
      );
    } finally {
      process.env['PATH'] = path;
    }
  });
});
