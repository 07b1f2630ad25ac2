import type { ClientBase } from 'pg';
import { describe, expect, it } from 'vitest';
import { readStanding } from './standing.ts';

const ROW = {
  standby: 'true',
  position: '100',
  received: '120',
  timeline: null,
  receivers: '1',
  received_timeline: '2',
  replayed_timeline: null,
  system_id: null,
  read_only: 'off',
};

function client(...errors: (string | undefined)[]): { asked: string[]; client: Pick<ClientBase, 'query'> } {
  const asked: string[] = [];
  const query = (sql: string): Promise<unknown> => {
    const code = errors[asked.length];
    asked.push(sql);
    const refused = Object.assign(new Error('permission denied for function pg_control_system'), {
      code,
      severity: 'ERROR',
      length: 1,
    });
    return code === undefined ? Promise.resolve({ rows: [ROW] }) : Promise.reject(refused);
  };
  return { asked, client: { query } as unknown as Pick<ClientBase, 'query'> };
}

describe('what a member says of itself when it is looked at for reads', () => {
  it('is its position at least, where functions were withdrawn from us', async () => {
    const { asked, client: one } = client('42501');
    await expect(readStanding(one)).resolves.toMatchObject({
      role: 'replica',
      position: 100,
      received: 120,
      timeline: undefined,
      systemId: undefined,
    });
    expect(asked.map((sql) => /pg_control|pg_walfile/.test(sql))).toEqual([true, false]);
  });

  it('is nothing after any other error, or a second one', async () => {
    const other = client('57014');
    await expect(readStanding(other.client)).rejects.toMatchObject({ code: '57014' });
    expect(other.asked).toHaveLength(1);
    const twice = client('42501', '42501');
    await expect(readStanding(twice.client)).rejects.toMatchObject({ code: '42501' });
    expect(twice.asked).toHaveLength(2);
  });
});
