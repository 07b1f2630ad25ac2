import type { RestBehaviour } from '../run/rest-proxy.ts';
import { faultOf, PATIENT_MS, type CampaignFault } from './campaign-fault.ts';
import { linkFaults, LINKS, THROUGH_PROXIES } from './link-faults.ts';
import { after, inTurn, ofLab, once, onLinks, stutter } from './makes.ts';

const fault = faultOf('pg');
const HAPROXY = { combines: { touches: ['haproxy'] } } as const;
const LONG_LIE_MS = 60_000;
const BRIEF_LIE_MS = 10_000;

/** What happens on the way to the servers: HAProxy, names, links, and what Patroni says of them. */
export const WAY_FAULTS: readonly CampaignFault[] = [
  fault('haproxy-restart', 'HAProxy is restarted', 'route', 14, ofLab('haproxy-restart'), HAPROXY),
  fault('haproxy-down', 'HAProxy is gone for 4 s', 'route', 16, ofLab('haproxy-down'), {
    holdMs: 4_000,
    keepsOut: true,
    ...HAPROXY,
  }),
  fault(
    'haproxy-stale',
    'a switchover, and HAProxy goes on to lead to the old primary for 6 s',
    'moves',
    28,
    inTurn(ofLab('haproxy-stale'), ofLab('switchover')),
    { holdMs: 6_000, keepsOut: true },
  ),
  fault(
    'haproxy-both',
    'HAProxy leads to every member in turn for 6 s, as where all of them answer its check with 200',
    'none',
    18,
    ofLab('haproxy-both'),
    { holdMs: 6_000, ...HAPROXY },
  ),
  fault(
    'demoted-answers',
    'a switchover, and HAProxy and the name both go on to lead to the demoted primary, which answers, for 6 s',
    'moves',
    28,
    inTurn(ofLab('haproxy-stale'), ofLab('dns-stale'), ofLab('switchover')),
    { holdMs: 6_000, keepsOut: true },
  ),
  fault('dns-flip', "the provider's name leads to a standby for 4 s", 'none', 14, ofLab('dns-flip'), {
    holdMs: 4_000,
    combines: { touches: ['dns'] },
  }),
  fault(
    'dns-lies',
    "the provider's name leads to a standby for 60 s (10 s in a quick run)",
    'none',
    75,
    ofLab('dns-flip'),
    { holdMs: LONG_LIE_MS, briefHoldMs: BRIEF_LIE_MS, deadlineMs: PATIENT_MS },
  ),
  fault(
    'dns-stale',
    "a switchover, and the provider's name goes on to lead to the old primary for 6 s",
    'moves',
    26,
    inTurn(ofLab('dns-stale'), ofLab('switchover')),
    { holdMs: 6_000, keepsOut: true },
  ),
  fault(
    'partition-clients',
    'clients are cut off for 5 s; the cluster is well',
    'healed',
    20,
    ofLab('partition-clients'),
    { holdMs: 5_000, combines: { touches: ['links'] } },
  ),
  fault(
    'primary-out-of-reach',
    'clients are cut off from the primary alone for 5 s; the cluster is well',
    'healed',
    20,
    ofLab('partition-clients', { target: 'primary' }),
    { holdMs: 5_000, combines: { touches: ['links', 'primary'] } },
  ),
  fault(
    'packet-loss',
    'all packets of clients vanish for 60 ms in every 300, for 6 s',
    'none',
    18,
    stutter(ofLab('partition-clients'), { brokenMs: 60, wellMs: 240 }),
    { holdMs: 6_000, combines: { touches: ['links'] } },
  ),
  ...proxyFaults(),
  ...restFaults(),
];

function proxyFaults(): CampaignFault[] {
  return [
    fault('half-open', "clients' links go silent for 4 s", 'healed', 16, onLinks('half-open'), {
      holdMs: 4_000,
      ...LINKS,
    }),
    ...linkFaults('pg'),
    fault(
      'statement-cut',
      'statements reach the server and are done, and the links are cut before their answers',
      'none',
      16,
      cutAfter('INSERT INTO', 5),
      { holdMs: 4_000, ...LINKS },
    ),
    fault(
      'commit-cut',
      'COMMITs reach the server and are done, and the links are cut before their answers',
      'none',
      16,
      cutAfter('COMMIT', 5),
      { holdMs: 4_000, ...LINKS },
    ),
    fault(
      'commit-crash',
      'links are cut between COMMIT and its answer, and PostgreSQL is killed',
      'either',
      22,
      inTurn(cutAfter('COMMIT', 3), after(800), ofLab('kill-postgres')),
      { ...THROUGH_PROXIES, deadlineMs: 45_000 },
    ),
  ];
}

/** The pattern goes through, what the server answers does not: on each link, so many times. */
function cutAfter(pattern: string, count: number): CampaignFault['make'] {
  return once(({ links }) =>
    Promise.all(links.map((link) => link.cutAfter(pattern, { dropAnswer: true, count }))),
  );
}

/** Patroni's REST API misbehaves in a switchover: what members say themselves must do. */
function restFaults(): CampaignFault[] {
  const meanings: [Exclude<RestBehaviour, 'passes'>, string][] = [
    ['slow', 'answers 3 s late'],
    ['fails', 'answers 503'],
    ['wrong', 'answers with what is no JSON or no cluster'],
    ['oversized', 'answers with 8 MB'],
    ['stale', 'goes on to name the old leader'],
    ['vain', 'answers 200 from every member, each of which names itself as the leader'],
  ];
  return meanings
    .map(([behaviour, meaning]) =>
      fault(
        `patroni-${behaviour}`,
        `Patroni's REST API ${meaning}, to clients; then a switchover`,
        'moves',
        22,
        inTurn(answers(behaviour), after(1_000), ofLab('switchover')),
        { rest: true, holdMs: 2_000 },
      ),
    )
    .concat(
      fault(
        'patroni-lies',
        "Patroni's REST API names every member as the leader for 8 s; the cluster is well",
        'none',
        20,
        answers('vain'),
        { rest: true, holdMs: 8_000, combines: { touches: ['rest'] } },
      ),
    );
}

function answers(behaviour: RestBehaviour): CampaignFault['make'] {
  return async ({ rest }) => {
    for (const each of rest) each.behaviour = behaviour;
    return {
      heal: async () => {
        for (const each of rest) each.behaviour = 'passes';
      },
    };
  };
}
