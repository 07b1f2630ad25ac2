import { inTurn, ofLab, onLinks, restartInTurn, type CampaignFault } from './campaign-fault.ts';

const fault = (
  name: string,
  meaning: string,
  shape: CampaignFault['shape'],
  aboutS: number,
  make: CampaignFault['make'],
  more: Partial<CampaignFault> = {},
): CampaignFault => ({ name, library: 'pg', meaning, shape, aboutS, make, ...more });

const THROUGH_PROXIES = { linked: true, deadlineMs: 12_000 };

export const PG_FAULTS: readonly CampaignFault[] = [
  fault('switchover', 'a planned switchover', 'moves', 18, ofLab('switchover')),
  fault('crash', "the primary's host dies, and comes back later", 'moves', 45, ofLab('crash')),
  fault(
    'kill-postgres',
    'SIGKILL to PostgreSQL; Patroni starts it again',
    'either',
    20,
    ofLab('kill-postgres'),
  ),
  fault(
    'kill-patroni',
    'SIGKILL to Patroni; the old primary stays writable beside the new one',
    'moves',
    45,
    ofLab('kill-patroni'),
  ),
  fault('freeze', "the primary's host is stopped and thawed later", 'moves', 50, ofLab('freeze')),
  fault(
    'freeze-postgres',
    'PostgreSQL alone is stopped; Patroni lives',
    'either',
    50,
    ofLab('freeze-postgres'),
  ),
  fault('partition', "the primary's host is cut off from everything", 'moves', 45, ofLab('partition')),
  fault(
    'partition-dcs',
    'the primary is cut off from etcd and from nobody else',
    'moves',
    45,
    ofLab('partition-dcs'),
  ),
  fault(
    'partition-clients',
    'clients are cut off for 5 s; the cluster is well',
    'healed',
    20,
    ofLab('partition-clients'),
    {
      holdMs: 5_000,
    },
  ),
  fault('etcd-quorum-loss', 'etcd loses its quorum for 20 s', 'either', 50, ofLab('etcd-quorum-loss'), {
    opensOnHeal: true,
    holdMs: 20_000,
  }),
  fault('restart', 'a clean restart of the primary', 'stays', 18, ofLab('restart', { server: 'postgres' })),
  fault('rolling-restart', 'a clean restart of each member in turn', 'stays', 40, restartInTurn('postgres')),
  fault('haproxy-restart', 'HAProxy is restarted', 'route', 14, ofLab('haproxy-restart')),
  fault('haproxy-down', 'HAProxy is gone for 4 s', 'route', 16, ofLab('haproxy-down'), { holdMs: 4_000 }),
  fault('half-open', "clients' links go silent for 4 s", 'healed', 16, onLinks('half-open'), {
    holdMs: 4_000,
    ...THROUGH_PROXIES,
  }),
  fault('slow-link', "clients' links get 100 ms slower each way, for 5 s", 'none', 16, onLinks('slow-link'), {
    holdMs: 5_000,
    ...THROUGH_PROXIES,
  }),
  fault('dns-flip', "the provider's name leads to a standby for 4 s", 'none', 14, ofLab('dns-flip'), {
    holdMs: 4_000,
  }),
  fault(
    'dns-stale',
    "a switchover, and the provider's name goes on to lead to the old primary for 6 s",
    'moves',
    26,
    inTurn(ofLab('dns-stale'), ofLab('switchover')),
    { holdMs: 6_000 },
  ),
  fault(
    'too-many-connections',
    'others hold every connection slot of the primary for 4 s',
    'none',
    14,
    ofLab('too-many-connections'),
    { holdMs: 4_000 },
  ),
];
