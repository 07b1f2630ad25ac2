import { reissue } from '../certificates.ts';
import { redisCall } from '../control/redis-call.ts';
import { LabError } from '../errors.ts';
import { postgresProcesses } from '../host-processes.ts';
import { paths } from '../blueprint.ts';
import { signal } from '../process/identity.ts';
import { supervisorCall } from '../supervisor/client.ts';
import type { Which } from '../supervisor/messages.ts';
import { defineFault, type FaultContext, type FaultKind, type FaultPlan } from './fault-kind.ts';
import { hostNamed, targetHost } from './target.ts';

interface FlipPlan extends FaultPlan {
  which: Which;
}

export const dnsFlip: FaultKind = defineFault<FlipPlan>({
  meaning:
    'the managed hostname is pointed at another member although nothing was promoted, and follows no promotion until healed',
  healing: 'points the hostname at the member promoted last',
  target: "the host it is pointed at; default 'replica'; h1, h2, h3, primary, master, replica",
  args: { which: 'postgres or redis; default postgres where the lab has it' },
  needs: ['managed'],
  async plan({ blueprint }, args) {
    const which = args['which'] ?? (blueprint.settings.postgres ? 'postgres' : 'redis');
    if (which !== 'postgres' && which !== 'redis') {
      throw new LabError(`which ${JSON.stringify(which)}: allowed are postgres, redis`);
    }
    return { target: (await targetHost(blueprint, args, 'replica', which)).name, which };
  },
  async make({ blueprint, note }, { target, which }) {
    await supervisorCall(blueprint.dir, 'dnsPin', which, target);
    note(`pointed the name of ${which} at ${target}`);
  },
  async heal({ blueprint, note }, { which }) {
    await supervisorCall(blueprint.dir, 'dnsRelease', which);
    note(`pointed the name of ${which} at the member promoted last`);
  },
});

export const dnsStale: FaultKind = defineFault({
  meaning:
    'the lab DNS server keeps its present answers, whatever is promoted, as a resolver with a stale cache does',
  healing: 'publishes the newest answers',
  target: 'the DNS server, always',
  needs: ['managed'],
  plan: () => Promise.resolve({ target: 'dns' }),
  async make({ blueprint, note }) {
    await supervisorCall(blueprint.dir, 'dnsHold', true);
    note('held the answers of DNS');
  },
  async heal({ blueprint, note }) {
    await supervisorCall(blueprint.dir, 'dnsHold', false);
    note('published the newest answers of DNS');
  },
});

interface CertificatePlan extends FaultPlan {
  hosts: string[];
}

const EXPIRED_SINCE_MS = 60 * 60 * 1_000;

export const certExpired: FaultKind = defineFault<CertificatePlan>({
  meaning:
    'the members serve a certificate that expired an hour ago to new TLS connections (PostgreSQL and Redis); open ones live on',
  healing: 'the members serve a valid certificate again',
  target: "default 'all': the three hosts; h1, h2, h3, primary, master, replica",
  async plan({ blueprint }, args) {
    if ((args.target ?? 'all') === 'all')
      return { target: 'all', hosts: blueprint.hosts.map(({ name }) => name) };
    const { name } = await targetHost(blueprint, args, 'all');
    return { target: name, hosts: [name] };
  },
  async make(context, { hosts }) {
    await serve(context, hosts, new Date(Date.now() - EXPIRED_SINCE_MS));
    context.note(`${hosts.join(', ')} serve an expired certificate`);
  },
  async heal(context, { hosts }) {
    await serve(context, hosts);
    context.note(`${hosts.join(', ')} serve a valid certificate`);
  },
});

/** New certificates, read by those that serve them; a server that is down reads them at its start. */
async function serve({ blueprint }: FaultContext, hosts: string[], notAfter?: Date): Promise<void> {
  await Promise.all(
    hosts.map(async (name) => {
      await reissue(blueprint, name, notAfter);
      const [postmaster] = postgresProcesses(blueprint, name);
      if (postmaster) signal(postmaster, 'SIGHUP');
      if (!blueprint.settings.redis) return;
      const file = paths.certificate(blueprint.dir, name).certFile;
      // Set to what it is: Redis reads the file again.
      await redisCall(blueprint, hostNamed(blueprint, name), ['CONFIG', 'SET', 'tls-cert-file', file]);
    }),
  );
}

export const tooManyConnections: FaultKind = defineFault({
  meaning:
    'idle connections take every slot of the member that is not reserved: the next login is refused with 53300',
  healing: 'closes those connections',
  target: "default 'primary'; h1, h2, h3, primary, replica",
  needs: ['postgres'],
  async plan({ blueprint }, args) {
    return { target: (await targetHost(blueprint, args, 'primary')).name };
  },
  async make({ blueprint, note }, { target }) {
    const { held, refusedBy } = await supervisorCall(blueprint.dir, 'connectionsHold', target);
    note(`holds ${held} connections to ${target}; the next one: ${refusedBy}`);
  },
  async heal({ blueprint, note }) {
    const { released } = await supervisorCall(blueprint.dir, 'connectionsRelease');
    note(`closed ${released} connections`);
  },
});
