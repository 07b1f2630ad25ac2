import { describe, expect, it } from 'vitest';
import { Poller, type Session } from './poller.ts';

/** A session whose every step the test decides. */
class ScriptedSession implements Session<string> {
  connected = false;
  destroyed = false;
  asked = 0;
  opened: PromiseWithResolvers<void> = Promise.withResolvers();
  answer: PromiseWithResolvers<string> = Promise.withResolvers();

  open(): Promise<void> {
    return this.opened.promise;
  }

  ask(): Promise<string> {
    this.asked++;
    this.answer = Promise.withResolvers();
    return this.answer.promise;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** Lets what was resolved reach the poller. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(): {
  poller: Poller<string>;
  sessions: ScriptedSession[];
  told: string[];
  last: () => ScriptedSession;
} {
  const sessions: ScriptedSession[] = [];
  const told: string[] = [];
  const make = (): ScriptedSession => {
    const session = new ScriptedSession();
    sessions.push(session);
    return session;
  };
  const poller = new Poller(
    make,
    { everyMs: 10 },
    {
      onAnswer: (answer) => told.push(answer),
      onFailure: (error) => told.push(`failed: ${(error as Error).message}`),
      onSilence: () => told.push('silent'),
    },
  );
  const last = (): ScriptedSession => {
    const session = sessions.at(-1);
    if (!session) throw new Error('no session was made');
    return session;
  };
  return { poller, sessions, told, last };
}

async function asking(): Promise<ReturnType<typeof setUp>> {
  const parts = setUp();
  parts.poller.tick(0);
  parts.last().connected = true;
  parts.last().opened.resolve();
  await settle();
  return parts;
}

describe('a poller', () => {
  it('asks as soon as the session is open, and then at its pace, one question at a time', async () => {
    const { poller, told, last } = await asking();
    expect(last().asked).toBe(1);
    poller.tick(performance.now() + 20);
    expect(last().asked).toBe(1);
    last().answer.resolve('yes');
    await settle();
    poller.tick(Number.MAX_SAFE_INTEGER);
    expect(last().asked).toBe(2);
    expect(told).toEqual(['yes']);
  });

  it('tells of a silence once, replaces the session later, and hears nothing more from it', async () => {
    const { poller, sessions, told } = setUp();
    poller.tick(0);
    const first = sessions[0];
    if (!first) throw new Error('no session was made');
    first.connected = true;
    for (const now of [299, 300, 500, 999]) poller.tick(now);
    expect(told).toEqual(['silent']);
    poller.tick(1_000);
    expect(first.destroyed).toBe(true);
    expect(told).toEqual(['silent', 'failed: no answer within 1000 ms']);
    poller.tick(Number.MAX_SAFE_INTEGER);
    expect(sessions.length).toBe(2);
    first.opened.reject(new Error('late'));
    await settle();
    expect(told.length).toBe(2);
  });

  it('dials again sooner when not even the kernel accepts', () => {
    const { poller, sessions, told } = setUp();
    poller.tick(0);
    poller.tick(300);
    expect(told).toEqual(['silent', 'failed: not connected within 300 ms']);
    poller.tick(Number.MAX_SAFE_INTEGER);
    expect(sessions.length).toBe(2);
  });

  it('ends its session when it is stopped, and stays so', async () => {
    const { poller, sessions, told, last } = await asking();
    poller.stop();
    last().answer.reject(new Error('closed'));
    await settle();
    poller.tick(Number.MAX_SAFE_INTEGER);
    expect(last().destroyed).toBe(true);
    expect([sessions.length, told]).toEqual([1, []]);
  });
});
