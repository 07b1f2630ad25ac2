import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CAMPAIGN_FAULTS } from './faults.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the faults', () => {
  it('are at least forty of PostgreSQL and twenty-five of Redis, each under a name of its own', () => {
    const names = CAMPAIGN_FAULTS.map(({ library, name }) => `${library}/${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.startsWith('pg/')).length).toBeGreaterThanOrEqual(40);
    expect(names.filter((name) => name.startsWith('redis/')).length).toBeGreaterThanOrEqual(25);
  });

  it.each(CAMPAIGN_FAULTS)('$library/$name is in the README as it is', ({ name, meaning }) => {
    const row = README.split('\n').find(
      (line) => line.startsWith(`| \`${name}\` `) && line.includes(meaning),
    );
    expect(row).toBeDefined();
  });

  it('that last for a minute are shorter in a quick run', () => {
    const long = CAMPAIGN_FAULTS.filter(({ holdMs = 0 }) => holdMs > 30_000);
    expect(long.length).toBeGreaterThan(0);
    for (const { briefHoldMs } of long) expect(briefHoldMs).toBeLessThanOrEqual(15_000);
  });
});
