import pg from 'pg';
import { systemClock } from '@steadfast/shared';
import { afterEach, describe, expect, it } from 'vitest';
import { readPoolOptions } from '../options/pool-options.ts';
import { fasterStatements } from './faster-statements.ts';

const PULSE = '_pulsePipelinedQueryQueue';
const prototype = pg.Client.prototype as unknown as Record<string, unknown>;
const { [PULSE]: pulse } = prototype;

const pipelined = (): unknown =>
  fasterStatements(
    readPoolOptions({ env: {}, pipelineDepth: 8 }),
    systemClock,
    () => undefined as unknown as pg.Pool,
  );

describe('pipelineDepth', () => {
  afterEach(() => {
    prototype[PULSE] = pulse;
  });

  it('is taken with a pg that can', () => {
    expect(pipelined()).toHaveProperty('pipeline');
  });

  it('is refused with an older pg, by an error that says which one can', () => {
    delete prototype[PULSE];
    expect(pipelined).toThrow(
      'option pipelineDepth is 8; allowed: 1 (off) with this version of pg; 8.23 and newer can',
    );
  });
});
