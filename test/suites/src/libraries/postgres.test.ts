import { HaPool } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';
import { withDrizzle } from './drizzle.ts';
import { withExpressSessions } from './express-sessions.ts';
import { withGraphileWorker } from './graphile-worker.ts';
import { hiddenErrorsStayTrue } from './hidden-errors.ts';
import { withKysely } from './kysely.ts';
import { withPgBoss } from './pg-boss.ts';
import { appsShutDown } from './shutdown.ts';
import { withStreams } from './streams.ts';
import { prepare, throughFailovers, type FailoverRow } from './through-failovers.ts';
import { withTypeOrm } from './typeorm.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });
const env = (): Record<string, string> => held.lab.env({ postgres: 'patroni' });
const pool = (): HaPool => new HaPool({ env: env(), failoverWaitMs: 60_000, max: 5 });

const onPool = [withDrizzle, withKysely, withPgBoss, withGraphileWorker, withExpressSessions, withStreams];
const libraries = [...onPool.map((library) => prepare(library, pool)), prepare(withTypeOrm, env)];

const promoted =
  (withinMs: number): FailoverRow['over'] =>
  (observers, { target }, since) =>
    observers.waitFor({ kind: 'pg-writable', since, notMember: target }, withinMs);

hiddenErrorsStayTrue(held);
appsShutDown(pool);

throughFailovers(held, libraries, [
  { fault: 'switchover', mayFail: 10, over: promoted(30_000) },
  { fault: 'crash', target: 'primary', mayFail: 10, over: promoted(60_000) },
]);
