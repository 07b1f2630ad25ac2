import { signal } from '../process/identity.ts';
import type { ServerSpec } from '../process/server.ts';
import { defineFault, type FaultKind } from './fault-kind.ts';

/** A fault that stops one server of a host, and nothing else there. */
export function frozen(
  about: Pick<FaultKind, 'meaning' | 'target' | 'needs' | 'plan'> & {
    server: ServerSpec['server'];
    title: string;
  },
): FaultKind {
  const { server, title, ...rest } = about;
  return defineFault({
    ...rest,
    healing: 'SIGCONT to it',
    async make({ servers, note }, { target: host }) {
      signal(servers.running(host, server), 'SIGSTOP');
      note(`froze ${title} on ${host}`);
    },
    async heal({ servers, note }, { target: host }) {
      const { process } = servers.get(host, server);
      if (process && signal(process, 'SIGCONT')) note(`thawed ${title} on ${host}`);
    },
  });
}
