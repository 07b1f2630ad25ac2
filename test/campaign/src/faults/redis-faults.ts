import { inTurn, ofLab, restartInTurn, type CampaignFault } from './campaign-fault.ts';

const fault = (
  name: string,
  meaning: string,
  shape: CampaignFault['shape'],
  aboutS: number,
  make: CampaignFault['make'],
  more: Partial<CampaignFault> = {},
): CampaignFault => ({ name, library: 'redis', meaning, shape, aboutS, make, ...more });

export const REDIS_FAULTS: readonly CampaignFault[] = [
  fault('sentinel-failover', 'a planned failover', 'moves', 20, ofLab('sentinel-failover'), {
    // The old master takes writes until it is told, some 11 s later.
    afterMs: 11_000,
  }),
  fault('redis-crash', 'SIGKILL to the master, which comes back later', 'moves', 20, ofLab('redis-crash')),
  fault('redis-freeze', 'the master is stopped, and thawed later', 'moves', 22, ofLab('redis-freeze')),
  fault('redis-partition', 'the master is cut off from everybody', 'moves', 24, ofLab('redis-partition')),
  fault(
    'redis-partition-peers',
    'the master is cut off from its peers, and not from clients',
    'moves',
    26,
    ofLab('redis-partition', { clients: 'kept' }),
    { holdMs: 5_000 },
  ),
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
  fault('rolling-restart', 'a clean restart of each member in turn', 'stays', 24, restartInTurn('redis')),
  fault(
    'half-open',
    "the clients' links to the master go silent for 4 s, and new ones too; the cluster is well",
    'healed',
    18,
    ofLab('partition-clients', { target: 'master' }),
    { holdMs: 4_000 },
  ),
];
