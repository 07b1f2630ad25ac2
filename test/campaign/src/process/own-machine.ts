import { execFileSync } from 'node:child_process';

/**
 * An app has a machine of its own, as a rule, and what lies between it and the servers has others. Here all of it shares the
 * cores with the database hosts, which are busiest in the very moment that is measured, and would not be run for tens of ms.
 * From now on the kernel runs this process, all its threads, before every server of the lab.
 * @param own what the process starts from now on is no part of it
 * @throws where the kernel refuses (that takes CAP_SYS_NICE)
 */
export function asOnItsOwnMachine(pid: number, own: 'with its children' | 'by itself'): void {
  const reset = own === 'by itself' ? ['--reset-on-fork'] : [];
  const args = ['--all-tasks', ...reset, '--rr', '--pid', '1', String(pid)];
  execFileSync('chrt', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
