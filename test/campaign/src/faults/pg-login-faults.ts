import { randomBytes } from 'node:crypto';
import type { Lab } from '@steadfast/lab';
import { onPrimary } from '../run/direct.ts';
import { faultOf, type CampaignFault } from './campaign-fault.ts';
import { inTurn, ofLab, once, stutter } from './makes.ts';

const fault = faultOf('pg');

/** The app's sessions on the primary end, as under pg_terminate_backend. */
const sessionsEnd = once(({ lab }) =>
  onPrimary(
    lab,
    (client) =>
      client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE usename = ANY($1) AND application_name <> 'lab-connection-holder'`,
        [logins(lab)],
      ),
    'admin',
  ),
);

/** What happens to logins and to the sessions that come of them. */
export const LOGIN_FAULTS: readonly CampaignFault[] = [
  fault(
    'too-many-connections',
    'others hold every connection slot of the primary for 4 s',
    'none',
    14,
    ofLab('too-many-connections'),
    { holdMs: 4_000, combines: { touches: ['logins'] } },
  ),
  fault(
    'no-slot-left',
    "the app's sessions end, and others take every slot of the primary for 4 s",
    'healed',
    18,
    inTurn(ofLab('too-many-connections'), sessionsEnd, ofLab('too-many-connections')),
    { holdMs: 4_000 },
  ),
  fault(
    'sessions-killed',
    "the app's sessions are ended by an administrator, twice a second for 4 s",
    'none',
    16,
    stutter(sessionsEnd, { brokenMs: 0, wellMs: 500 }),
    { holdMs: 4_000, combines: { touches: ['logins', 'primary'] } },
  ),
  fault(
    'certificate-expiry',
    "the servers' certificates expire, and the app's sessions end, for 4 s: who verifies them is refused",
    'healed',
    18,
    inTurn(ofLab('cert-expired'), sessionsEnd),
    { holdMs: 4_000, refuses: true },
  ),
  fault(
    'password-rotation',
    "the app's password is changed and its sessions end, 4 s later it is changed back: ours read it anew at each login",
    'none',
    18,
    inTurn(passwordChange, sessionsEnd),
    { holdMs: 4_000, keepsOut: true, rotatesPassword: true },
  ),
];

async function passwordChange({
  lab,
  setPassword,
}: Parameters<CampaignFault['make']>[0]): ReturnType<CampaignFault['make']> {
  const before = lab.description.postgres?.password ?? '';
  const change = async (password: string): Promise<void> => {
    await onPrimary(
      lab,
      async (client) => {
        for (const login of logins(lab)) await client.query(`ALTER ROLE "${login}" PASSWORD '${password}'`);
      },
      'admin',
    );
    setPassword(password);
  };
  await change(randomBytes(12).toString('hex'));
  return { heal: () => change(before) };
}

function logins({ description: { postgres } }: Lab): string[] {
  return [postgres?.user, postgres?.managed?.user].filter((login) => login !== undefined);
}
