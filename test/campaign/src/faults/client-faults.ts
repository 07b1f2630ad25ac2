import type { Library } from '../clients/client.ts';
import { faultOf, PATIENT_MS, type CampaignFault } from './campaign-fault.ts';
import { after, inTurn, onClients, ofLab, whileSuspended } from './makes.ts';

const BLOCKED_MS = 5_000;
const HOUR_MS = 3_600_000;
const SUSPENDED_MS = 60_000;
const BRIEFLY_SUSPENDED_MS = 12_000;

/** What happens to the clients' own processes, in the midst of a planned failover. */
export function clientFaults(library: Library): CampaignFault[] {
  const fault = faultOf(library);
  const failover = ofLab(library === 'pg' ? 'switchover' : 'sentinel-failover');
  const alone = { stopsClients: true, combines: { touches: ['clients'] } } as const;
  const steps = (ms: number): CampaignFault['make'] =>
    onClients(
      (client) => client.shiftClock(ms),
      (client) => client.shiftClock(0),
    );
  return [
    fault(
      'event-loop-blocked',
      "the app's own event loop is blocked for 5 s while the primary is moved",
      'moves',
      25,
      inTurn(
        onClients((client) => client.block(BLOCKED_MS)),
        failover,
      ),
      { stopsClients: true },
    ),
    fault(
      'event-loop-busy',
      "the app's own event loop is blocked for 2 s; the cluster is well",
      'none',
      14,
      onClients((client) => client.block(2_000)),
      { holdMs: 3_000, ...alone },
    ),
    fault(
      'client-suspended',
      "the clients' processes are stopped (SIGSTOP) for 60 s (12 s in a quick run), across a failover",
      'moves',
      80,
      whileSuspended(failover, ({ brief }) => (brief ? BRIEFLY_SUSPENDED_MS : SUSPENDED_MS)),
      { stopsClients: true, deadlineMs: PATIENT_MS },
    ),
    fault(
      'clock-forward',
      "the clients' wall clock goes 1 h forward, then the primary is moved",
      'moves',
      22,
      inTurn(steps(HOUR_MS), after(1_000), failover),
    ),
    fault(
      'clock-back',
      "the clients' wall clock goes 1 h back, then the primary is moved",
      'moves',
      22,
      inTurn(steps(-HOUR_MS), after(1_000), failover),
    ),
    fault(
      'clock-wrong',
      "the clients' wall clock is 1 h off for 4 s; the cluster is well",
      'none',
      14,
      steps(HOUR_MS),
      { holdMs: 4_000, combines: { touches: ['clients'] } },
    ),
  ];
}
