import type { OptionRow } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { OPTION_TABLE } from './option-table.ts';
import { readSettings, type HaRedisOptions } from './settings.ts';

/** Every variable counts here: TLS, so that certificates are read. */
const env = { REDIS_URL: 'rediss://app:hidden@h1/0' };
const rows = Object.entries(OPTION_TABLE) as [name: string, row: OptionRow<unknown>][];

/** Wrong for each of them: no word, no number, no list, no URL, no readable file. */
const WRONG = '/nowhere/at all';
/** Any text is right for these. */
const FREE = ['REDIS_SENTINEL_MASTER_NAME', 'REDIS_USERNAME', 'REDIS_PASSWORD'];
FREE.push('REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD');
const variables = rows.flatMap(([, row]) => row.env);

function refusal(options: HaRedisOptions, given: Record<string, string> = env): unknown {
  try {
    readSettings(options, given);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('every option, wrong in turn', () => {
  it.each(variables.filter((name) => !FREE.includes(name)))('%s from the environment', (variable) => {
    const error = refusal({}, { ...env, [variable]: WRONG }) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    const name = variable.startsWith('REDIS_HA_CA') ? 'REDIS_HA_CA or REDIS_HA_CA_FILE' : variable;
    expect(error.message).toMatch(new RegExp(`^${name}( \\(option \\w+\\))? is .+; allowed: .+`));
    expect(error.message).not.toMatch(/hidden@|\n/);
  });

  it.each(FREE)('%s takes any text', (variable) => {
    expect(refusal({}, { ...env, [variable]: WRONG })).toBeUndefined();
  });

  it.each(rows)('option %s', (name, { secret }) => {
    const error = refusal({ [name]: { wrong: 'secret' } }) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(error.message).toMatch(new RegExp(`^option ${name} is .+; allowed: .+`));
    expect(error.message.includes('secret')).toBe(secret !== true);
  });

  it('takes all of them where they are right, so that the refusals above are about the one that is wrong', () => {
    expect(refusal({})).toBeUndefined();
  });
});
