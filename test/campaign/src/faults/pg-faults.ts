import { faultOf } from './campaign-fault.ts';
import type { CampaignFault } from './campaign-fault.ts';
import { clientFaults } from './client-faults.ts';
import { after, inTurn, ofLab, onClients, restartInTurn } from './makes.ts';
import { LOGIN_FAULTS } from './pg-login-faults.ts';
import { MEMBER_FAULTS } from './pg-member-faults.ts';
import { WAY_FAULTS } from './pg-way-faults.ts';

const fault = faultOf('pg');
/** Of a fault that takes the primary's host away, its etcd with it. */
const HOST = { combines: { touches: ['primary', 'dcs'], down: 1 } } as const;
const ROLE = { combines: { touches: ['primary', 'dcs'] } } as const;
const PRIMARY = { combines: { touches: ['primary'] } } as const;

const PRIMARY_FAULTS: readonly CampaignFault[] = [
  fault('switchover', 'a planned switchover', 'moves', 18, ofLab('switchover'), ROLE),
  fault('crash', "the primary's host dies, and comes back later", 'moves', 45, ofLab('crash'), HOST),
  fault(
    'kill-postgres',
    'SIGKILL to PostgreSQL; Patroni starts it again',
    'either',
    20,
    ofLab('kill-postgres'),
    PRIMARY,
  ),
  fault(
    'kill-patroni',
    'SIGKILL to Patroni; the old primary stays writable beside the new one, on an older timeline',
    'moves',
    45,
    ofLab('kill-patroni'),
    HOST,
  ),
  fault('freeze', "the primary's host is stopped and thawed later", 'moves', 50, ofLab('freeze'), HOST),
  fault(
    'freeze-postgres',
    'PostgreSQL alone is stopped; Patroni lives',
    'either',
    50,
    ofLab('freeze-postgres'),
    HOST,
  ),
  fault('partition', "the primary's host is cut off from everything", 'moves', 45, ofLab('partition'), HOST),
  fault(
    'partition-dcs',
    'the primary is cut off from etcd and from nobody else',
    'moves',
    45,
    ofLab('partition-dcs'),
    HOST,
  ),
  fault('etcd-quorum-loss', 'etcd loses its quorum for 20 s', 'either', 50, ofLab('etcd-quorum-loss'), {
    opensOnHeal: true,
    holdMs: 20_000,
    combines: { touches: ['dcs'] },
  }),
  fault(
    'restart',
    'a clean restart of the primary',
    'stays',
    18,
    ofLab('restart', { server: 'postgres' }),
    PRIMARY,
  ),
  fault('rolling-restart', 'a clean restart of each member in turn', 'either', 40, restartInTurn('postgres')),
  fault(
    'long-transaction',
    'a planned switchover while transactions with a commit proof have been open for 1.5 s',
    'moves',
    22,
    inTurn(
      onClients((client) => client.begin('long', 3)),
      after(1_500),
      ofLab('switchover'),
    ),
  ),
];

export const PG_FAULTS: readonly CampaignFault[] = [
  ...PRIMARY_FAULTS,
  ...MEMBER_FAULTS,
  ...WAY_FAULTS,
  ...LOGIN_FAULTS,
  ...clientFaults('pg'),
];
