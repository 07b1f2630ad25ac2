import { describe, expect, it } from 'vitest';
import { readHistory, sharedUpTo, survival, type History, type Sample } from './survival.ts';

const OLD: History = { id: 'old', offset: 500, formerId: '', formerOffset: -1 };
const info = [
  '# Replication',
  'role:master',
  'connected_slaves:1',
  'slave0:ip=10.0.0.3,port=6379,state=online,offset=210,lag=0',
  'master_failover_state:no-failover',
  'master_replid:new',
  'master_replid2:old',
  'master_repl_offset:640',
  'second_repl_offset:301',
  'repl_backlog_active:1',
].join('\r\n');

/** Ten writes of ten bytes acknowledged between two looks; none in flight at any. */
const LOOKS: Sample[] = [100, 200, 300, 400].map((offset) => ({
  offset,
  before: offset / 10,
  after: offset / 10,
}));

describe('the histories of two masters', () => {
  it('are read from INFO', () => {
    expect(readHistory(info)).toEqual({ id: 'new', offset: 640, formerId: 'old', formerOffset: 300 });
    expect(readHistory('# Replication\r\nrole:master')).toBeUndefined();
    expect(readHistory(null)).toBeUndefined();
  });

  it.each<[string, History, History, number | undefined]>([
    [
      'a replica that was promoted shares what came before',
      OLD,
      { ...OLD, id: 'new', formerId: 'old', formerOffset: 300 },
      300,
    ],
    ['the same one shares all that it still has', OLD, { ...OLD, offset: 450 }, 450],
    [
      'one that was promoted twice says nothing of the first',
      OLD,
      { ...OLD, id: 'new', formerId: 'other', formerOffset: 300 },
      undefined,
    ],
    [
      'going back shares what came before the promotion',
      { ...OLD, id: 'b', formerId: 'old', formerOffset: 300 },
      OLD,
      300,
    ],
    ['strangers share nothing', OLD, { ...OLD, id: 'new' }, undefined],
  ])('%s', (_says, old, now, upTo) => {
    expect(sharedUpTo(old, now)).toBe(upTo);
  });
});

describe('what survives', () => {
  it.each<
    [string, Sample[], number, number | undefined, [survived: number, lost: number, unknowable: number]]
  >([
    ['all, where the last look lies within', LOOKS, 40, 400, [40, 0, 0]],
    ['what came after the last look cannot be known', LOOKS, 45, 450, [40, 0, 5]],
    [
      'what a look beyond shows is lost, and the time between two looks is unknowable',
      LOOKS,
      45,
      250,
      [20, 15, 10],
    ],
    ['a look at the very end knows both sides', LOOKS, 45, 300, [30, 15, 0]],
    ['nothing is known without a look', [], 45, 300, [0, 0, 45]],
    ['nothing is known without a common history', LOOKS, 45, undefined, [0, 0, 45]],
    ['nothing survives that came after the fork', LOOKS, 45, 50, [0, 35, 10]],
    [
      'what was in flight at a look may lie on either side',
      [{ offset: 300, before: 30, after: 38 }],
      45,
      300,
      [30, 7, 8],
    ],
    ['nothing was acknowledged', LOOKS, 0, 300, [0, 0, 0]],
  ])('%s', (_says, samples, acknowledged, upTo, [survived, lost, unknowable]) => {
    expect(survival(samples, acknowledged, upTo)).toEqual({ acknowledged, survived, lost, unknowable });
  });
});
