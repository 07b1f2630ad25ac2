import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultName, Lab } from '@steadfast/lab';
import { faultOf, PATIENT_MS, type CampaignFault } from './campaign-fault.ts';
import { inTurn, ofLab, once, onEachHost, stutter } from './makes.ts';

const fault = faultOf('pg');
/** A switchover has shut the old primary down by then, and not promoted the new one. */
const UNDER_WAY_MS = 700;

/** What happens to several members, to a standby, or to one that is neither well nor gone. */
export const MEMBER_FAULTS: readonly CampaignFault[] = [
  fault(
    'failover-in-failover',
    'PostgreSQL is killed on the standby that a switchover is promoting',
    'whole',
    60,
    once(async ({ lab, say }) => {
      const target = await standby(lab);
      const first = lab.fault('switchover', { candidate: target });
      // It may fail: that is the point.
      first.catch(() => undefined);
      await sleep(UNDER_WAY_MS);
      await lab
        .fault('kill-postgres', { target })
        .catch((error: unknown) => say(`the second blow came too late: ${String(error)}`));
      await first.catch(() => undefined);
    }),
    { deadlineMs: PATIENT_MS, holdMs: 5_000 },
  ),
  fault(
    'failover-twice',
    'a planned switchover, and another one as soon as the first is done',
    'whole',
    40,
    once(async ({ lab }) => {
      await lab.fault('switchover');
      await lab.waitHealthy();
      await lab.fault('switchover');
    }),
    { deadlineMs: PATIENT_MS },
  ),
  fault(
    'rolling-everything',
    'every host in turn: its primary is moved away, all its servers die and start again; then HAProxy is restarted',
    'whole',
    120,
    inTurn(
      onEachHost(async ({ lab }, target) => {
        if ((await lab.status()).postgres?.primary === target) {
          await lab.fault('switchover');
          await lab.waitHealthy();
        }
        const crash = await lab.fault('crash', { target });
        await crash.heal();
      }),
      ofLab('haproxy-restart'),
    ),
    { deadlineMs: PATIENT_MS },
  ),
  fault(
    'standby-freeze',
    'PostgreSQL is stopped on the synchronous standby: commits wait until Patroni chooses another one',
    'stays',
    50,
    onStandby('freeze-postgres'),
    { combines: { touches: ['replicas'], down: 1 } },
  ),
  fault(
    'standby-crash',
    "the synchronous standby's host dies, its etcd with it",
    'stays',
    40,
    onStandby('crash'),
    { combines: { touches: ['replicas', 'dcs'], down: 1 } },
  ),
  fault(
    'freeze-patroni',
    'Patroni on the primary is stopped and thawed later: the old primary stays writable beside the new one meanwhile',
    'moves',
    50,
    ofLab('freeze-patroni'),
    { combines: { touches: ['primary', 'dcs'], down: 1 } },
  ),
  fault(
    'twin-primary',
    'a standby is a primary too, by hand and on the same timeline, for 6 s',
    'none',
    40,
    ofLab('twin-primary'),
    { holdMs: 6_000, combines: { touches: ['replicas', 'primary'], down: 1 } },
  ),
  fault(
    'disk-full',
    'PostgreSQL and Patroni on the primary can write nothing any more; space comes back later',
    'either',
    60,
    ofLab('disk-full'),
    { refuses: true, combines: { touches: ['primary', 'dcs'], down: 1 } },
  ),
  fault(
    'slow-primary',
    'PostgreSQL on the primary runs for 100 ms in every 250, for 6 s',
    'none',
    18,
    async (stage) => {
      const target = (await stage.lab.status()).postgres?.primary ?? '';
      return stutter(ofLab('freeze-postgres', { target }), { brokenMs: 150, wellMs: 100 })(stage);
    },
    { holdMs: 6_000 },
  ),
];

function onStandby(name: FaultName): CampaignFault['make'] {
  return async ({ lab }) => lab.fault(name, { target: await standby(lab) });
}

/** The synchronous standby where there is one, else any. */
async function standby(lab: Lab): Promise<string> {
  const members = (await lab.status()).postgres?.members ?? [];
  const found =
    members.find(({ role }) => role === 'sync_standby') ?? members.find(({ role }) => role === 'replica');
  if (!found) throw new Error('PostgreSQL has no standby');
  return found.name;
}
