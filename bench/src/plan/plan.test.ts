import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { rootCertificates } from 'node:tls';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { describe, expect, it } from 'vitest';
import { priced } from '../costs/join.ts';
import { exampleResult } from '../example-result.ts';
import { type FailoverResult } from '../result.ts';
import { readAnswers } from './answers.ts';
import { ask } from './ask.ts';
import { candidatesFor } from './candidates.ts';
import { decide, nearest, type Plan, type StorePlan } from './decide.ts';
import { setupFor } from './settings.ts';
import { asCommand, tellPlan } from './tell.ts';

type Given = Record<string, string>;

const postgres = (given: Given): Given => ({ for: 'postgres', ...given });
const redis = (given: Given): Given => ({ for: 'redis', ...given });
const planOf = (given: Given, ...measured: Parameters<typeof decide>[1][]): Plan =>
  decide(readAnswers(given), ...measured);

/** What is recommended, and for each that is ruled out by which answers. */
function outcome({ recommended, alternatives, ruledOut }: StorePlan): {
  best?: string;
  fit: string[];
  out: Record<string, string>;
} {
  return {
    ...(recommended ? { best: recommended.candidate.id } : {}),
    fit: alternatives.map(({ candidate }) => candidate.id),
    out: Object.fromEntries(
      ruledOut.map(({ candidate, objections }) => [
        candidate.id,
        objections.map(({ answer }) => answer.replace(/Ms$|Gb$/, '')).join(),
      ]),
    ),
  };
}

const storeOf = (plan: Plan): StorePlan => {
  const [store] = plan.stores;
  if (!store || plan.stores.length > 1) throw new Error('one database was asked for');
  return store;
};

describe('decide', () => {
  it.each([
    [
      'by default the managed service that fits the budget, as the document says',
      postgres({}),
      'postgres-managed/digitalocean',
    ],
    ['the hybrid where data stay at home', postgres({ residency: 'own' }), 'postgres-hybrid'],
    ['the hybrid where nothing may be lost', postgres({ rpo: '0s' }), 'postgres-hybrid'],
    [
      'the hybrid where it has to be back soon, since the document knows no bound of others',
      postgres({ rpo: '0s', rto: '30s' }),
      'postgres-hybrid',
    ],
    [
      'Swarm where work costs nothing, the budget is small and the team can',
      postgres({ skills: 'advanced', residency: 'own', 'hour-cost': '0', budget: '19EUR' }),
      'postgres-self-managed',
    ],
    [
      'a provider where it is the only one that the team can run',
      postgres({ skills: 'basic' }),
      'postgres-managed/digitalocean',
    ],
    [
      'the provider that grows that far',
      postgres({ storage: '3TB', residency: 'any', skills: 'basic' }),
      'postgres-managed/digitalocean',
    ],
    [
      'nothing where a provider is too little and the rest too much',
      postgres({ skills: 'basic', residency: 'own' }),
      undefined,
    ],
    ['nothing where no failover is so fast', postgres({ rto: '5s', rpo: '0s' }), undefined],
    ['nothing for no money', postgres({ budget: '0' }), undefined],
    ['managed Redis where work costs money', redis({}), 'redis-managed/redis-cloud'],
    [
      'Sentinel where work costs nothing, as the document says',
      redis({ 'hour-cost': '0' }),
      'redis-sentinel',
    ],
    ['Sentinel where nothing may be lost', redis({ rpo: '0s' }), 'redis-sentinel'],
    ['Sentinel for no money', redis({ budget: '0' }), 'redis-sentinel'],
    [
      'managed Redis where nobody can run one',
      redis({ skills: 'basic', budget: '20USD' }),
      'redis-managed/redis-cloud',
    ],
  ])('recommends %s', (_, given, best) => {
    expect(outcome(storeOf(planOf(given))).best).toBe(best);
  });

  it('says of each that is ruled out which answers do so', () => {
    expect(
      outcome(storeOf(planOf(postgres({ skills: 'basic', residency: 'own', rpo: '0s', storage: '500GB' })))),
    ).toEqual({
      fit: [],
      out: {
        'postgres-self-managed': 'skills',
        'postgres-hybrid': 'skills',
        'postgres-managed/hetzner': 'offer,residency,rpo,storage',
        'postgres-managed/digitalocean': 'residency,rpo',
        'postgres-managed/aiven': 'residency,rpo,rto,budget',
      },
    });
  });

  it('names what is nearest when nothing is left, and where to give way', () => {
    const plan = planOf(postgres({ skills: 'basic', residency: 'own' }));
    expect(nearest(storeOf(plan))?.candidate.id).toBe('postgres-managed/digitalocean');
    expect(tellPlan(plan)).toContain(
      'Together these answers leave nothing: --skills, --residency, --rto, --budget. Nearest is DigitalOcean Managed PostgreSQL: give way in --residency.',
    );
  });

  it('spends one budget on both: what fits alone may be too much together', () => {
    const ids = (budget: string): (string | undefined)[] =>
      planOf({ budget, residency: 'own', rpo: '0s', 'hour-cost': '0' }).stores.map(
        ({ recommended }) => recommended?.candidate.id,
      );
    expect(ids('20EUR')).toEqual(['postgres-hybrid', 'redis-sentinel']);
    expect(ids('19EUR')).toEqual([undefined, 'redis-sentinel']);
    const tight = planOf({ budget: '30EUR', skills: 'basic', residency: 'any', 'hour-cost': '0' });
    expect(tight.stores.map(({ recommended }) => recommended)).toEqual([undefined, undefined]);
    expect(tight.stores[1]?.ruledOut.at(1)?.objections[0]?.why).toBe(
      'it costs from 18 EUR a month, and the other database at least 20 more; the budget is 30',
    );
  });

  it('lets what was measured on the same software count instead of what is documented, but not for a provider', () => {
    const measured = priced(exampleResult());
    const given = postgres({ rto: '25s', rpo: '0s' });
    expect(outcome(storeOf(planOf(given))).best).toBeUndefined();
    const store = storeOf(planOf(given, measured));
    expect(store.recommended?.candidate.id).toBe('postgres-hybrid');
    expect(store.recommended?.reasons).toContain('A failover was measured to cost 20.1 s.');
    expect(outcome(storeOf(planOf(postgres({ rto: '20s', rpo: '0s' }), measured))).best).toBeUndefined();
    const aiven = (plan: Plan): string | undefined => outcome(storeOf(plan)).out['postgres-managed/aiven'];
    expect(aiven(planOf(postgres({ rto: '60s', budget: '300' }), measured))).toBe('rto');
  });

  it('does not recommend what was measured not to come back', () => {
    const result = exampleResult();
    const failovers = result.failovers.map((one) => ({ ...one, clientWindowMs: undefined, never: true }));
    const store = storeOf(planOf(postgres({ rpo: '0s' }), priced({ ...result, failovers })));
    expect(store.recommended).toBeUndefined();
    expect(
      store.ruledOut.find(({ candidate }) => candidate.id === 'postgres-hybrid')?.objections[0]?.why,
    ).toContain('our client was not back by itself; no more than');
  });

  const provided = (failover: Partial<FailoverResult>, provider?: string): Parameters<typeof decide>[1] => {
    const result = exampleResult();
    const [target] = result.targets.filter(({ deployment }) => deployment === 'postgres-managed');
    const [usual] = result.failovers;
    if (!target || !usual) throw new Error('the example has a provider');
    const { addedRoundTripMs: _, ...own } = target;
    const { clientWindowMs = 4_000, ...rest } = failover;
    return priced({
      ...result,
      targets: [{ ...own, name: 'new', ...(provider !== undefined && { provider }) }],
      failovers: [{ ...usual, target: 'new', clientWindowMs, ...rest }],
    });
  };

  it.each<[string, Partial<FailoverResult>, string | undefined, string]>([
    [
      'a crash of this provider',
      { fault: 'crash by command' },
      'aiven',
      'A failover was measured to cost 4.00 s.',
    ],
    ['that of another one', { fault: 'crash by command' }, 'digitalocean', ''],
    [
      'one of a provider that is not named',
      { fault: 'crash by command' },
      undefined,
      'A failover was measured to cost 4.00 s, which does not count here: the result does not say of which provider new is.',
    ],
    [
      'one that may have been planned',
      { fault: 'failover command' },
      'aiven',
      'A failover was measured to cost 4.00 s, which does not count here: whether its command was a crash or planned is not said.',
    ],
    ['a planned one', { fault: 'planned by command' }, 'aiven', ''],
  ])('takes for the failover of a provider %s, or says why not', (_, failover, provider, said) => {
    const given = postgres({ rto: '5min', budget: '300' });
    const { recommended, alternatives } = storeOf(planOf(given, provided(failover, provider)));
    const aiven = [recommended, ...alternatives].find(
      (one) => one?.candidate.id === 'postgres-managed/aiven',
    );
    const told = [...(aiven?.reasons ?? []), ...(aiven?.cautions ?? [])];
    expect(told.filter((line) => line.startsWith('A failover'))).toEqual(said === '' ? [] : [said]);
    const documented = told.some((line) => line.startsWith('Its failover lasts 3 min at most'));
    expect(documented).toBe(said !== 'A failover was measured to cost 4.00 s.');
  });

  it('rules out what took too long, whatever the command was', () => {
    const given = postgres({ rto: '5min', budget: '300' });
    const plan = planOf(given, provided({ fault: 'failover command', clientWindowMs: 400_000 }, 'aiven'));
    expect(outcome(storeOf(plan)).out['postgres-managed/aiven']).toBe('rto');
  });

  it.each([
    ['down-after-1000', "under 'down-after-1000', not under those below"],
    [undefined, 'under settings that nobody knows, not under those below'],
    ['down-after-5000', undefined],
  ])('promises of Sentinel what its own settings give: measured with %s', (setting, doubt) => {
    const result = exampleResult();
    const failovers = result.failovers.map((one) => ({ ...one, ...(setting !== undefined && { setting }) }));
    const plan = planOf(
      redis({ rto: '8s', 'hour-cost': '0', skills: 'advanced' }),
      priced({ ...result, failovers }),
    );
    const { ruledOut } = storeOf(plan);
    const isOut = ruledOut.some(({ candidate }) => candidate.id === 'redis-sentinel');
    expect(isOut).toBe(doubt !== undefined);
    const wide = storeOf(planOf(redis({ rto: '1min', rpo: '0s' }), priced({ ...result, failovers })));
    expect(wide.recommended?.cautions.join(' ')).toContain(doubt ?? '');
    const documented = wide.recommended?.reasons.some((line) => line.startsWith('Its failover lasts 10 s'));
    expect(documented).toBe(doubt !== undefined);
  });

  it('counts dollars and euros at the rate that is given', () => {
    const bill = (given: Given): readonly number[] | undefined =>
      storeOf(planOf(redis({ skills: 'basic', ...given }))).recommended?.bill;
    expect(bill({ budget: '30USD' })).toEqual([14, 14]);
    expect(bill({ budget: '30EUR', 'usd-per-eur': '1.4' })?.map(Math.round)).toEqual([10, 10]);
  });
});

describe('answers', () => {
  it.each([
    [{ budget: '-1' }, "--budget is '-1'; allowed: an amount from 0 to 100000 with EUR or USD behind it"],
    [{ budget: '50GBP' }, "--budget is '50GBP'"],
    [{ budget: '100001' }, "--budget is '100001'"],
    [{ rto: '30' }, "--rto is '30'; allowed: 1s to 24h, with its unit: 500ms, 30s, 2min, 1h"],
    [{ rto: '900ms' }, "--rto is '900ms'"],
    [{ rto: '25h' }, "--rto is '25h'"],
    [{ rpo: '' }, "--rpo is ''"],
    [{ skills: 'expert' }, "--skills is 'expert'; allowed: basic, administration, advanced"],
    [{ residency: 'EU' }, "--residency is 'EU'; allowed: own, region, any"],
    [{ storage: '0GB' }, "--storage is '0GB'"],
    [{ storage: '65TB' }, "--storage is '65TB'; allowed: a size up to 65536 GB: 20GB, 0.5GB, 2TB"],
    [{ 'usd-per-eur': '0' }, "--usd-per-eur is '0'; allowed: a number from 0.5 to 2"],
    [{ for: 'mysql' }, "--for is 'mysql'; allowed: both, postgres, redis"],
    [{ for: 'redis', storage: '5GB' }, '--storage is about postgres, but --for is redis'],
  ])('%j are refused', (given, message) => {
    expect(() => readAnswers(given as Given)).toThrow(message);
  });

  it('come back from the command line that a plan ends with', () => {
    const answers = readAnswers({
      budget: '42.5usd',
      rpo: '0s',
      rto: '2min',
      storage: '2TB',
      skills: 'advanced',
    });
    const words = asCommand(answers).split(' ').slice(2);
    const given = Object.fromEntries(
      words.flatMap((word, n) => (n % 2 === 0 ? [[word.slice(2), words[n + 1] ?? '']] : [])),
    );
    expect(readAnswers(given)).toEqual(answers);
  });
});

describe('ask', () => {
  async function asked(given: Given, lines: string): Promise<{ answers: Given; said: string }> {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(lines);
    const answers = await ask(given, input, output);
    output.end();
    return { answers, said: await text(output) };
  }

  it('asks only for what is missing and matters, takes the default for an empty line, and asks again after nonsense', async () => {
    const { answers, said } = await asked({ for: 'redis', rpo: '0s' }, 'lots\n40USD\n\nown\n1min\n\n0\n');
    expect(answers).toEqual({
      for: 'redis',
      rpo: '0s',
      budget: '40USD',
      skills: 'administration',
      residency: 'own',
      rto: '1min',
      memory: '1GB',
      'hour-cost': '0',
    });
    expect(said).toContain("'lots' is not understood; allowed: an amount from 0 to 100000");
    expect(said).not.toContain("PostgreSQL's data");
  });

  it('gives up when the input ends, or after five wrong answers', async () => {
    await expect(asked({}, 'both\n')).rejects.toThrow('the input ended before all questions were answered');
    await expect(asked({}, 'x\n'.repeat(9))).rejects.toThrow("--for is 'x'");
  });
});

describe('the settings of a plan', () => {
  const candidates = [...candidatesFor('pg'), ...candidatesFor('redis')];

  it.each(candidates.map((candidate) => [candidate.id, candidate] as const))(
    'are taken by our client: %s',
    async (_, candidate) => {
      const { environment } = setupFor(candidate, readAnswers({ rpo: '0s' }));
      const env = 'PG_HA_CA' in environment ? { ...environment, PG_HA_CA: rootCertificates[0] } : environment;
      if (candidate.deployment.library === 'pg') await new HaPool({ env }).end();
      else new HaRedis({ env, lazyConnect: true }).disconnect();
      expect(Object.values(environment)).toContain(candidate.deployment.strategy);
    },
  );

  it('let calls wait longer than the failover lasts', () => {
    const waits = candidates.map((candidate) => {
      const { environment } = setupFor(candidate, readAnswers({}));
      return environment['PG_HA_FAILOVER_WAIT_MS'] ?? environment['REDIS_HA_FAILOVER_WAIT_MS'] ?? '30000';
    });
    for (const [n, { deployment, offer }] of candidates.entries()) {
      const worst = (offer?.failoverSeconds ?? deployment.failoverSeconds)?.high ?? 0;
      expect(Number(waits[n])).toBeGreaterThan(worst * 1_000);
    }
  });
});
