import type { Lab } from '@steadfast/lab';
import { onEachRedis, onMaster, toEachRedis } from '../run/direct.ts';
import { faultOf, PATIENT_MS, type CampaignFault, type Made, type Stage } from './campaign-fault.ts';
import { clientFaults } from './client-faults.ts';
import { linkFaults } from './link-faults.ts';
import { inTurn, ofLab, once, onEachHost, restartInTurn, stutter } from './makes.ts';

const fault = faultOf('redis');
/** Of a fault that takes the master away. */
const MASTER = { combines: { touches: ['primary'], down: 1 } } as const;
const REPLICA = { combines: { touches: ['replicas'], down: 1 } } as const;
/** The old master takes writes until it is told, some 11 s later. */
const UNTIL_TOLD = { afterMs: 11_000 };

const MASTER_FAULTS: readonly CampaignFault[] = [
  fault('sentinel-failover', 'a planned failover', 'moves', 20, ofLab('sentinel-failover'), {
    ...UNTIL_TOLD,
    combines: { touches: ['primary', 'sentinels'] },
  }),
  fault(
    'redis-crash',
    'SIGKILL to the master, which comes back later',
    'moves',
    20,
    ofLab('redis-crash'),
    MASTER,
  ),
  fault(
    'redis-freeze',
    'the master is stopped, and thawed later',
    'moves',
    22,
    ofLab('redis-freeze'),
    MASTER,
  ),
  fault('redis-partition', 'the master is cut off from everybody', 'moves', 24, ofLab('redis-partition'), {
    combines: { touches: ['primary', 'sentinels'], down: 1 },
  }),
  fault(
    'redis-partition-peers',
    'the master is cut off from its peers, and not from clients',
    'moves',
    26,
    ofLab('redis-partition', { clients: 'kept' }),
    { holdMs: 5_000, combines: { touches: ['primary', 'sentinels'], down: 1 } },
  ),
  fault('restart', 'a clean restart of the master', 'either', 18, ofLab('restart', { server: 'redis' }), {
    combines: { touches: ['primary'] },
  }),
  fault('rolling-restart', 'a clean restart of each member in turn', 'either', 24, restartInTurn('redis')),
  fault(
    'rolling-everything',
    'on every host in turn, Redis and Sentinel die and start again',
    'whole',
    90,
    onEachHost(async ({ lab }, target) => {
      const crash = await lab.fault('crash', { target });
      await crash.heal();
    }),
    { deadlineMs: PATIENT_MS },
  ),
  fault(
    'failover-in-failover',
    'the promoted replica is killed as soon as the sentinels name it',
    'whole',
    70,
    async ({ lab }) => {
      const before = await masterOf(lab);
      await lab.fault('sentinel-failover');
      for (let look = 0; look < 200 && (await masterOf(lab)) === before; look++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      return lab.fault('redis-crash');
    },
    { holdMs: 3_000, deadlineMs: PATIENT_MS },
  ),
  fault(
    'demoted-by-hand',
    'REPLICAOF on the master: it answers on, and refuses writes, until the sentinels have made it right',
    'either',
    40,
    once(async ({ lab }) => {
      const master = await masterOf(lab);
      const other = lab.description.redis?.members.find(({ name }) => name !== master);
      await onMaster(lab, (redis) => redis.replicaof(other?.host ?? '', other?.port ?? 0), 'admin');
    }),
    { deadlineMs: PATIENT_MS },
  ),
  fault(
    'slow-master',
    'the master runs for 100 ms in every 250, for 6 s',
    'none',
    18,
    async (stage) => {
      const target = await masterOf(stage.lab);
      return stutter(ofLab('redis-freeze', { target }), { brokenMs: 150, wellMs: 100 })(stage);
    },
    { holdMs: 6_000 },
  ),
  fault(
    'replica-crash',
    'SIGKILL to a replica, which comes back 4 s later',
    'none',
    18,
    ofLab('redis-crash', { target: 'replica' }),
    { holdMs: 4_000, ...REPLICA },
  ),
  fault(
    'replica-freeze',
    'a replica is stopped for 4 s',
    'none',
    18,
    ofLab('redis-freeze', { target: 'replica' }),
    { holdMs: 4_000, ...REPLICA },
  ),
];

const SENTINEL_FAULTS: readonly CampaignFault[] = [
  fault(
    'sentinel-minority',
    'one sentinel is frozen, then the master crashes',
    'moves',
    55,
    inTurn(ofLab('sentinel-minority'), ofLab('redis-crash')),
  ),
  fault(
    'sentinel-majority-loss',
    'two sentinels are gone and the master crashes; the sentinels come back after 4 s',
    'moves',
    30,
    async (stage) => {
      const sentinels = await ofLab('sentinel-majority-loss')(stage);
      const master = await ofLab('redis-crash')(stage);
      // Healing brings the sentinels back, and only when they have failed over, the master: see `mend`.
      return { heal: () => sentinels.heal(), mend: () => master.heal() };
    },
    { opensOnHeal: true, holdMs: 4_000 },
  ),
  fault(
    'sentinels-gone',
    'two sentinels are gone for 4 s; the master is well',
    'none',
    20,
    ofLab('sentinel-majority-loss'),
    { holdMs: 4_000, combines: { touches: ['sentinels'] } },
  ),
  fault(
    'sentinels-frozen',
    'all sentinels but one are frozen for 4 s, and the master restarts meanwhile; thawed, they trust themselves only 30 s later',
    'stays',
    60,
    async (stage) => {
      const names = stage.lab.description.hosts.slice(1).map(({ name }) => name);
      const freeze = names.map((target) => ofLab('sentinel-minority', { target }));
      return inTurn(...freeze, ofLab('restart', { server: 'redis' }))(stage);
    },
    { holdMs: 4_000, deadlineMs: PATIENT_MS },
  ),
  fault(
    'other-group',
    'another group that the same sentinels watch fails over; 2 s later it is gone',
    'none',
    30,
    ofLab('other-group'),
    { holdMs: 2_000, combines: { touches: ['sentinels'] } },
  ),
  fault(
    'minority-names-old-master',
    'a sentinel that is cut off from its peers goes on to name the old master after a failover, for 5 s',
    'moves',
    28,
    async (stage) => {
      const { lab } = stage;
      const master = await masterOf(lab);
      const [cut = '', asked = ''] = lab.description.hosts
        .map(({ name }) => name)
        .filter((name) => name !== master);
      return inTurn(
        ofLab('redis-partition', { target: cut, clients: 'kept' }),
        ofLab('sentinel-failover', { target: asked }),
      )(stage);
    },
    { holdMs: 5_000, ...UNTIL_TOLD },
  ),
];

const sessionsEnd = once(({ lab }) =>
  onEachRedis(lab, (redis) => redis.client('KILL', 'USER', lab.description.redis?.username ?? '')),
);

const WAY_FAULTS: readonly CampaignFault[] = [
  fault(
    'half-open',
    "the clients' links to the master go silent for 4 s, and new ones too; the cluster is well",
    'healed',
    18,
    ofLab('partition-clients', { target: 'master' }),
    { holdMs: 4_000, combines: { touches: ['links', 'primary'] } },
  ),
  ...linkFaults('redis'),
  fault(
    'partition-clients',
    'clients are cut off from everything for 5 s; the cluster is well',
    'healed',
    20,
    ofLab('partition-clients'),
    { holdMs: 5_000, combines: { touches: ['links'] } },
  ),
  fault(
    'packet-loss',
    'all packets of clients vanish for 60 ms in every 300, for 6 s',
    'none',
    18,
    stutter(ofLab('partition-clients'), { brokenMs: 60, wellMs: 240 }),
    { holdMs: 6_000, combines: { touches: ['links'] } },
  ),
  fault(
    'dns-lies',
    "the provider's name leads to a replica for 60 s (10 s in a quick run)",
    'none',
    75,
    ofLab('dns-flip', { which: 'redis' }),
    { holdMs: 60_000, briefHoldMs: 10_000, deadlineMs: PATIENT_MS, combines: { touches: ['dns'] } },
  ),
  fault(
    'dns-stale',
    "a failover, and the provider's name goes on to lead to the old master for 6 s",
    'moves',
    28,
    inTurn(ofLab('dns-stale'), ofLab('sentinel-failover')),
    { holdMs: 6_000, ...UNTIL_TOLD },
  ),
  fault(
    'sessions-killed',
    "the app's connections are ended by CLIENT KILL, twice a second for 4 s",
    'none',
    16,
    stutter(sessionsEnd, { brokenMs: 0, wellMs: 500 }),
    { holdMs: 4_000, combines: { touches: ['logins', 'primary'] } },
  ),
  fault(
    'too-many-clients',
    "the app's connections end, and the servers take no new ones for 4 s (maxclients)",
    'healed',
    18,
    noMoreClients,
    { holdMs: 4_000 },
  ),
  fault(
    'certificate-expiry',
    "the servers' certificates expire, and the app's connections end, for 4 s: who verifies them is refused",
    'healed',
    18,
    inTurn(ofLab('cert-expired'), sessionsEnd),
    { holdMs: 4_000, refuses: true },
  ),
  fault(
    'password-rotation',
    "the app's user gets a second password and its connections end; 4 s later the second one is taken away again",
    'none',
    18,
    inTurn(acl('>rotated', '<rotated'), sessionsEnd),
    { holdMs: 4_000 },
  ),
  fault(
    'login-refused',
    "the app's user is switched off and its connections end, for 4 s",
    'healed',
    18,
    inTurn(acl('off', 'on'), sessionsEnd),
    { holdMs: 4_000, refuses: true },
  ),
];

export const REDIS_FAULTS: readonly CampaignFault[] = [
  ...MASTER_FAULTS,
  ...SENTINEL_FAULTS,
  ...WAY_FAULTS,
  ...clientFaults('redis'),
];

async function masterOf(lab: Lab): Promise<string> {
  const { redis } = await lab.status();
  if (redis?.master === undefined) throw new Error('Redis has no master');
  return redis.master;
}

/** No server takes a new connection. One of ours to each stays, for the way back. */
async function noMoreClients({ lab }: Stage): Promise<Made> {
  const admins = await toEachRedis(lab);
  const set = (limit: string): Promise<unknown> =>
    Promise.all(admins.map((redis) => redis.config('SET', 'maxclients', limit)));
  await set('1');
  const { username = '' } = lab.description.redis ?? {};
  await Promise.all(admins.map((redis) => redis.client('KILL', 'USER', username)));
  return {
    async heal() {
      await set('10000');
      for (const redis of admins.splice(0)) redis.disconnect();
    },
  };
}

/** A rule of the app's user on every server, and the one that undoes it. */
function acl(rule: string, undo: string): CampaignFault['make'] {
  return async ({ lab }) => {
    const user = lab.description.redis?.username ?? '';
    const set = (each: string): Promise<void> =>
      onEachRedis(lab, (redis) => redis.call('ACL', 'SETUSER', user, each));
    await set(rule);
    return { heal: () => set(undo) };
  };
}
