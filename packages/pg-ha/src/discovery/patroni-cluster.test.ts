import { describe, expect, it } from 'vitest';
import { parsePatroniCluster } from './patroni-cluster.ts';

const member = (fields: object): object => ({
  name: 'h1',
  host: '10.0.0.1',
  port: 5432,
  api_url: 'http://10.0.0.1:8008/patroni',
  ...fields,
});
const parse = (...members: unknown[]): ReturnType<typeof parsePatroniCluster> =>
  parsePatroniCluster(JSON.stringify({ members }));

describe('parsePatroniCluster', () => {
  const roles: [role: string, leader: boolean][] = [
    ['leader', true],
    ['master', true],
    ['primary', true],
    ['replica', false],
    ['sync_standby', false],
    ['quorum_standby', false],
    ['standby_leader', false],
  ];
  for (const [role, leader] of roles) {
    it(`${leader ? 'takes' : 'does not take'} a ${role} for the leader`, () => {
      expect(parse(member({ role })).members[0]?.leader).toBe(leader);
    });
  }

  it('learns members and their REST addresses', () => {
    const [first, second] = parse(
      member({ role: 'leader' }),
      member({ name: 'h2', host: 'fd00::2', port: 5433, role: 'replica' }),
    ).members;
    expect(first).toMatchObject({ name: 'h1', endpoint: { host: '10.0.0.1', port: 5432 } });
    expect(first?.apiUrl?.origin).toBe('http://10.0.0.1:8008');
    expect(second?.endpoint).toEqual({ host: 'fd00::2', port: 5433 });
  });

  it('leaves out members that have no address yet', () => {
    const { members } = parse({ name: 'h1', role: 'uninitialized' }, member({ name: 'h2' }));
    expect(members.map(({ name }) => name)).toEqual(['h2']);
  });

  const none: unknown[] = [
    null,
    7,
    [],
    'h1',
    member({ port: 'x' }),
    member({ host: 'a b' }),
    member({ host: {} }),
  ];
  it.each(none.map((each) => [JSON.stringify(each), each]))(
    'takes no list with %s in it, which would have others forgotten',
    (_, each) => {
      expect(() => parse(member({}), each)).toThrow('with a member that is none');
    },
  );

  it('takes no list without anybody, which would have everybody forgotten', () => {
    expect(() => parse()).toThrow('no member that has an address');
    expect(() => parse({ name: 'h1', role: 'uninitialized' })).toThrow('no member that has an address');
  });

  it('bounds their number', () => {
    expect(
      parse(...Array.from({ length: 500 }, (_, index) => member({ port: index + 1 }))).members.length,
    ).toBe(64);
  });

  it('says what came instead of JSON', () => {
    expect(() => parsePatroniCluster('<html>502</html>')).toThrow(
      "did not answer with JSON but '<html>502</html>'",
    );
    expect(() => parsePatroniCluster('{"members":{}}')).toThrow('without a list of members');
    expect(() => parsePatroniCluster('null')).toThrow('without a list of members');
  });
});
