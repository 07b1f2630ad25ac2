import type { HaPool } from '@steadfast/pg-ha';
import connectPgSimple from 'connect-pg-simple';
import express from 'express';
import session from 'express-session';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { GRACE_MS, type Library, type LibraryRun } from './library.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
  }
}

/** connect-pg-simple: sessions of an Express app, kept in PostgreSQL. */
export const withExpressSessions: Library<HaPool> = {
  name: 'connect-pg-simple',
  async begin(connect, run) {
    const pool = connect();
    const PgStore = connectPgSimple(session);
    const errors: unknown[] = [];
    const schemaName = `sessions_${run}`;
    await pool.query(`CREATE SCHEMA ${schemaName}`);
    const store = new PgStore({
      pool,
      schemaName,
      createTableIfMissing: true,
      errorLog: (...words: unknown[]) => errors.push(words),
    });
    return beginSessions(store, async () => {
      expect(errors).toEqual([]);
      await pool.end();
    });
  },
};

/** An Express app whose users log in once and come back all the time, whatever the store of their sessions goes through. */
export async function beginSessions(store: session.Store, close: () => Promise<void>): Promise<LibraryRun> {
  const app = express();
  app.use(session({ store, secret: 'test', resave: true, saveUninitialized: false }));
  app.get('/login/:user', (request, response) => {
    request.session.user = request.params.user;
    response.json({ user: request.params.user });
  });
  app.get('/me', (request, response) => {
    response.json({ user: request.session.user });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cookies = new Map<string, string>();
  const login = async (user: string): Promise<void> => {
    const response = await fetch(`${base}/login/${user}`);
    cookies.set(user, response.headers.getSetCookie()[0]?.split(';')[0] ?? '');
    await response.arrayBuffer();
  };
  const me = async (user: string): Promise<unknown> => {
    const response = await fetch(`${base}/me`, { headers: { cookie: cookies.get(user) ?? '' } });
    const body = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${body.slice(0, 200)}`);
    return (JSON.parse(body) as { user?: unknown }).user;
  };
  const users = ['ada', 'bob', 'cyd', 'dan'];
  for (const user of users) await login(user);
  const wrong: unknown[] = [];
  let turn = 0;
  const visits = startWriters(async () => {
    const user = users[turn++ % users.length] as string;
    const answer = await me(user);
    if (answer !== user) wrong.push({ user, answer });
  }, 40);
  return {
    worksAfter: (since) => visits.acknowledgedAfter(since, GRACE_MS),
    async expectRight(mayFail) {
      await visits.stop(GRACE_MS);
      expect(wrong, 'sessions that were lost or mixed up').toEqual([]);
      // Saving a session is a plain write: what was in flight at the fault may fail, the rest waits.
      const failed = visits.writes.filter(({ outcome }) => outcome !== 'ok');
      expect(failed.length, failed.map(({ error }) => String(error)).join('\n')).toBeLessThanOrEqual(mayFail);
      for (const user of users) expect(await me(user)).toBe(user);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await close();
    },
  };
}
