import { Lab } from '@steadfast/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InboxApp } from './inbox-app.ts';

const WAIT_MS = 1_500;

let lab: Lab;
let env: Record<string, string>;
let app: InboxApp;

beforeAll(async () => {
  lab = await Lab.up({ managed: false });
  env = {
    ...lab.env({ postgres: 'patroni', redis: 'sentinel' }),
    PG_HA_FAILOVER_WAIT_MS: String(WAIT_MS),
    REDIS_HA_FAILOVER_WAIT_MS: String(WAIT_MS),
    LOG_LEVEL: 'info',
  };
  await InboxApp.migrate(env);
  await InboxApp.migrate(env); // safe to run again
  app = await InboxApp.start(env);
});

afterAll(async () => {
  await app?.terminate();
  await lab?.down();
});

async function conversation(email: string): Promise<string> {
  const made = await app.call('POST', '/accounts/7/conversations', { inboxId: 3, contact: { email } });
  expect(made.status).toBe(201);
  return `/accounts/7/conversations/${String(made.body['id'])}/messages`;
}

describe('the inbox', () => {
  it('stores messages, queues a job for each, and lists what is unread', async () => {
    const messages = await conversation('ann@example.com');
    for (const content of ['one', 'two']) {
      const sent = await app.call('POST', messages, { content, sourceId: `source-${content}` });
      expect(sent).toMatchObject({
        status: 201,
        body: { content, sourceId: `source-${content}`, job: 'queued' },
      });
    }
    const page = await app.call('GET', messages);
    expect((page.body as unknown as { content: string }[]).map(({ content }) => content)).toEqual([
      'two',
      'one',
    ]);
    const list = await app.call('GET', '/accounts/7/conversations?inboxId=3');
    expect(list.body).toMatchObject({
      counts: { mine: 0, unassigned: 1, all: 1 },
      conversations: [{ unread: 2 }],
    });
    expect((await app.call('GET', '/stats')).body).toMatchObject({
      counts: { messages: 2, jobs: 2, untold: 0 },
    });
  });

  it('numbers conversations per account', async () => {
    const make = (email: string) =>
      app.call('POST', '/accounts/8/conversations', { inboxId: 1, contact: { email } });
    const numbers = await Promise.all(['a@x.y', 'b@x.y', 'c@x.y'].map(make));
    expect(new Set(numbers.map(({ body }) => body['displayId']))).toEqual(new Set([1, 2, 3]));
  });

  it('keeps presence and counters', async () => {
    await app.call('PUT', '/accounts/7/presence/ann');
    expect((await app.call('PUT', '/accounts/7/presence/bob')).body).toEqual({ online: ['ann', 'bob'] });
    await app.call('POST', '/accounts/7/counters/visits');
    expect((await app.call('POST', '/accounts/7/counters/visits')).body).toEqual({ value: 2 });
  });

  it('answers 400 to what makes no sense and 404 to what is not there', async () => {
    const messages = await conversation('eve@example.com');
    expect((await app.call('POST', messages, { content: '' })).status).toBe(400);
    expect((await app.call('POST', messages, { content: 'x', messageType: 9 })).status).toBe(400);
    expect((await app.call('GET', '/accounts/none/conversations?inboxId=1')).status).toBe(400);
    const missing = await app.call('POST', '/accounts/7/conversations/999999/messages', { content: 'x' });
    expect(missing).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('refuses a flood with 429', async () => {
    const messages = await conversation('flood@example.com');
    for (let i = 0; i < 200; i++)
      expect((await app.call('POST', messages, { content: `${i}` })).status).toBe(201);
    const one = await app.call('POST', messages, { content: 'one too many' });
    expect(one).toMatchObject({ status: 429, body: { code: 'TOO_MANY_MESSAGES' } });
  });

  it('answers 503 with code and outcome while it is cut off, lives on, and recovers by itself', async () => {
    const messages = await conversation('cut@example.com');
    const fault = await lab.fault('partition-clients');
    try {
      const answers = await Promise.all([
        app.call('GET', messages),
        app.call('POST', messages, { content: 'is anybody there?' }),
        app.call('POST', '/accounts/7/counters/cut'),
      ]);
      for (const { status, body } of answers) {
        expect(status).toBe(503);
        expect(body['code']).toMatch(/^HA_/);
        expect(['notSent', 'rejected', 'unknown']).toContain(body['outcome']);
      }
      await expect.poll(async () => (await app.call('GET', '/readyz')).status, { timeout: 10_000 }).toBe(503);
      expect((await app.call('GET', '/livez')).status).toBe(200);
    } finally {
      await fault.heal();
    }
    await expect.poll(async () => (await app.call('GET', '/readyz')).status, { timeout: 20_000 }).toBe(200);
    await expect
      .poll(async () => (await app.call('POST', messages, { content: 'back' })).body['job'], {
        timeout: 20_000,
      })
      .toBe('queued');
  });

  it('finishes what it serves when it is told to end', async () => {
    const other = await InboxApp.start(env);
    const answers = Array.from({ length: 20 }, () =>
      other.call('GET', '/accounts/7/conversations?inboxId=3'),
    );
    await answers[0];
    const ended = other.terminate();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
    expect(await ended).toBe(0);
  });

  it.each([
    ['PORT', 'abc', "inbox: HA_CONFIG PORT is 'abc'; allowed: a whole number from 0 to 65535"],
    ['PG_HA_STRATEGY', 'patorni', "inbox: HA_CONFIG PG_HA_STRATEGY is 'patorni'; allowed: "],
    ['REDIS_HA_STRATEGY', 'sentinels', "inbox: HA_CONFIG REDIS_HA_STRATEGY is 'sentinels'; allowed: "],
  ])('refuses to start with %s=%s, in one line', async (name, value, message) => {
    const { code, stderr } = await InboxApp.refused({ ...env, [name]: value });
    expect(code).toBe(1);
    expect(stderr.startsWith(message)).toBe(true);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
