import { readdirSync, readFileSync, readlinkSync, existsSync } from 'node:fs';

/** The network namespaces and interfaces of these names that are on the machine. */
export function present(names: { namespaces: readonly string[]; interfaces: readonly string[] }): string[] {
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  const interfaces = readdirSync('/sys/class/net');
  return [
    ...names.namespaces.filter((name) => namespaces.includes(name)),
    ...names.interfaces.filter((name) => interfaces.includes(name)),
  ];
}

/** Pids of processes that have one of these paths in their command line or as their working folder. */
export function processesAbout(paths: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const about = [read(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '))];
      about.push(read(() => readlinkSync(`/proc/${pid}/cwd`)));
      return paths.some((path) => about.some((text) => text.includes(path))) ? [pid] : [];
    });
}

/** A process that ends meanwhile is about nothing. */
function read(attempt: () => string): string {
  try {
    return attempt();
  } catch {
    return '';
  }
}

/** Ids of the System V segments that these processes made: PostgreSQL makes one for each member. */
export function segmentsOf(pids: readonly string[]): string[] {
  return segments().flatMap(({ id, creator }) => (pids.includes(creator) ? [id] : []));
}

export function segmentIds(): string[] {
  return segments().map(({ id }) => id);
}

function segments(): { id: string; creator: string }[] {
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .map((row) => ({ id: row[1] ?? '', creator: row[4] ?? '' }));
}
