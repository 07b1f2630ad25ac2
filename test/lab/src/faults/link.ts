import type { Blueprint } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { LabLinkProxy } from '../link-proxy.ts';
import type { Endpoint } from '../supervisor/messages.ts';
import type { FaultArgs, LinkBehaviour } from '../types.ts';
import { defineFault, type FaultKind, type FaultPlan } from './fault-kind.ts';
import { targetHost } from './target.ts';

interface LinkPlan extends FaultPlan {
  /** Where to connect; filled in when the proxy is the fault's own. */
  endpoint?: Endpoint;
  proxy?: number;
  own: boolean;
  to: Endpoint;
  behaviour: LinkBehaviour;
}

const target =
  "the link's far end; default 'primary' ('master' without PostgreSQL); h1, h2, h3 (their PostgreSQL), primary, master, replica, haproxy";

function onLink(
  about: Pick<FaultKind, 'meaning'> & {
    args: Record<string, string>;
    healed: LinkBehaviour;
    behaviour: (args: FaultArgs) => LinkBehaviour;
  },
): FaultKind {
  const { healed, behaviour, args: ownArgs, meaning } = about;
  return defineFault<LinkPlan>({
    meaning,
    healing:
      'the link is as it was; a proxy that the fault made itself is closed, which resets its connections',
    target,
    args: {
      ...ownArgs,
      proxy: 'a proxy made by lab.proxy(); default a new one, whose address is the fault’s endpoint',
    },
    async plan({ blueprint }, args) {
      const given = args['proxy'];
      if (given !== undefined && !(given instanceof LabLinkProxy)) {
        throw new LabError('proxy: allowed is what lab.proxy() resolved with');
      }
      const wanted = behaviour(args);
      if (given) {
        const { proxy, endpoint } = given;
        return { target: text(endpoint), proxy, endpoint, to: endpoint, own: false, behaviour: wanted };
      }
      const to = await farEnd(blueprint, args);
      return { target: text(to), own: true, to, behaviour: wanted };
    },
    async make({ blueprint, note }, plan) {
      const proxy =
        plan.proxy !== undefined && plan.endpoint
          ? new LabLinkProxy(blueprint.dir, plan.proxy, plan.endpoint)
          : await LabLinkProxy.create(blueprint.dir, plan.to);
      plan.proxy = proxy.proxy;
      plan.endpoint = proxy.endpoint;
      await proxy.set(plan.behaviour);
      note(`the link by ${text(proxy.endpoint)} to ${plan.target}: ${JSON.stringify(plan.behaviour)}`);
    },
    async heal({ blueprint, note }, { proxy: id, endpoint, own, target: name }) {
      if (id === undefined || !endpoint) return;
      const proxy = new LabLinkProxy(blueprint.dir, id, endpoint);
      await (own ? proxy.close() : proxy.set(healed));
      note(
        own ? `closed the proxy ${text(endpoint)} to ${name}` : `the link by ${text(endpoint)} is as it was`,
      );
    },
  });
}

async function farEnd(blueprint: Blueprint, args: FaultArgs): Promise<Endpoint> {
  const { ports, settings, balancerIp } = blueprint;
  const wanted = args.target ?? (settings.postgres ? 'primary' : 'master');
  if (wanted === 'haproxy') {
    if (!settings.haproxy) throw new LabError("target 'haproxy': this lab has none");
    return { host: balancerIp, port: ports.haproxyPrimary };
  }
  const host = await targetHost(blueprint, args, wanted);
  if (wanted === 'master' || !settings.postgres) return { host: host.redisIp, port: ports.redis };
  return { host: host.ip, port: ports.postgres };
}

function text({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

function milliseconds(args: FaultArgs, name: string, byDefault: number): number {
  const value = Number(args[name] ?? byDefault);
  if (Number.isFinite(value) && value >= 0 && value <= 60_000) return value;
  throw new LabError(`${name} '${String(args[name])}': allowed is a number from 0 to 60000`);
}

export const slowLink: FaultKind = onLink({
  meaning: 'a proxy in front of a server delays every byte, each way',
  args: { latencyMs: 'default 100', jitterMs: 'added at random, default 0' },
  healed: { latencyMs: 0, jitterMs: 0 },
  behaviour: (args) => ({
    latencyMs: milliseconds(args, 'latencyMs', 100),
    jitterMs: milliseconds(args, 'jitterMs', 0),
  }),
});

export const halfOpen: FaultKind = onLink({
  meaning:
    'a proxy in front of a server goes silent: existing connections get neither answers nor an end, new ones connect and stay silent',
  args: {},
  healed: { halfOpen: false },
  behaviour: () => ({ halfOpen: true }),
});
