/** One snippet that the linter must refuse, at the path where it would stand, and the rule that must refuse it. */
export interface Violation {
  says: string;
  file: string;
  code: string;
  rule: string;
}

const imports = 'eslint(no-restricted-imports)';
const globals = 'eslint(no-restricted-globals)';
const properties = 'eslint(no-restricted-properties)';

const shared = (says: string, folder: string, specifier: string): Violation => ({
  says,
  file: `packages/shared/src/${folder}/${says.replaceAll(/\W+/g, '-')}.ts`,
  code: `export * from '${specifier}';`,
  rule: imports,
});

const inPackage = (name: string, says: string, code: string, rule: string): Violation => ({
  says: `${name}: ${says}`,
  file: `packages/${name}/src/${says.replaceAll(/\W+/g, '-')}.ts`,
  code,
  rule,
});

const upward: Violation[] = [
  shared('runtime does not know errors', 'runtime', '../errors/codes.ts'),
  shared('errors do not know policy', 'errors', '../policy/backoff.ts'),
  shared('policy does not know topology', 'policy', '../topology/topology.ts'),
  shared('policy does not know discovery', 'policy', '../discovery/monitor.ts'),
  shared('topology does not know config', 'topology', '../config/environment.ts'),
  shared('topology does not know discovery', 'topology', '../discovery/monitor.ts'),
  shared('config does not know telemetry', 'config', '../telemetry/events.ts'),
  shared('telemetry does not know discovery', 'telemetry', '../discovery/monitor.ts'),
  shared('a nested folder is held to its layer', 'policy/retry', '../../topology/topology.ts'),
  shared('a layer does not go through the door', 'discovery', '../index.ts'),
  shared('a layer does not leave its package', 'discovery', '../../../pg-ha/src/runtime/x.ts'),
  shared('policy opens no socket', 'policy', 'node:net'),
  shared('topology opens no socket', 'topology', 'node:net'),
  ...['pg', 'pg-pool', 'ioredis', 'generic-pool'].map((driver) =>
    shared(`shared imports no ${driver}`, 'discovery', driver),
  ),
  shared('shared does not know pg-ha', 'discovery', '@steadfast/pg-ha'),
  shared('shared does not know redis-ha', 'runtime', '@steadfast/redis-ha'),
  shared('discovery takes no timers of its own', 'discovery', 'node:timers/promises'),
  shared('discovery takes no clock of its own', 'discovery', 'node:perf_hooks'),
];

const sideways: Violation[] = [
  inPackage('pg-ha', 'does not import redis-ha', "export * from '@steadfast/redis-ha';", imports),
  inPackage('pg-ha', 'does not import ioredis', "export * from 'ioredis';", imports),
  inPackage('pg-ha', 'does not import the lab', "export * from '@steadfast/lab';", imports),
  inPackage(
    'pg-ha',
    'does not reach into shared',
    "export * from '../../shared/src/runtime/clock.ts';",
    imports,
  ),
  inPackage('redis-ha', 'does not import pg-ha', "export * from '@steadfast/pg-ha';", imports),
  inPackage('redis-ha', 'does not import pg', "export * from 'pg';", imports),
  inPackage('redis-ha', 'does not import pg-pool', "export * from 'pg-pool';", imports),
];

const timed = ['pg-ha', 'redis-ha', 'shared'].flatMap((name): Violation[] => [
  inPackage(name, 'does not read Date', 'export const now: number = Date.now();', globals),
  inPackage(
    name,
    'does not read Date by globalThis',
    'export const now: number = globalThis.Date.now();',
    globals,
  ),
  inPackage(name, 'does not read performance', 'export const now: number = performance.now();', globals),
  ...['setTimeout', 'setInterval', 'setImmediate'].map((timer) =>
    inPackage(name, `does not call ${timer}`, `${timer}(() => undefined, 1);`, globals),
  ),
  inPackage(name, 'does not roll Math.random', 'export const roll: number = Math.random();', properties),
  inPackage(
    name,
    'does not read process.hrtime',
    'export const now: bigint = process.hrtime.bigint();',
    properties,
  ),
  inPackage(
    name,
    'does not use AbortSignal.timeout',
    'export const signal: AbortSignal = AbortSignal.timeout(1);',
    properties,
  ),
]);

const sources = ['pg-ha', 'redis-ha'].flatMap((name): Violation[] => [
  inPackage(name, 'does not import node:timers', "export * from 'node:timers/promises';", imports),
  inPackage(name, 'does not import timers', "export * from 'timers';", imports),
  inPackage(name, 'does not import node:perf_hooks', "export * from 'node:perf_hooks';", imports),
  inPackage(name, 'does not make its own tokens', "export { randomUUID } from 'node:crypto';", imports),
]);

const habits: Violation[] = [
  inPackage('pg-ha', 'first of a circle', "export * from './second-of-a-circle.ts';", 'import(no-cycle)'),
  inPackage('pg-ha', 'second of a circle', "export * from './first-of-a-circle.ts';", 'import(no-cycle)'),
  inPackage(
    'pg-ha',
    'does not hide an import in a type',
    "export type Hidden = import('@steadfast/redis-ha').HaRedis;",
    'typescript(consistent-type-imports)',
  ),
  inPackage('pg-ha', 'does not print', "console.log('x');", 'eslint(no-console)'),
  inPackage('pg-ha', 'does not say any', 'export const x: any = 1;', 'typescript(no-explicit-any)'),
  inPackage(
    'redis-ha',
    'does not drop a promise',
    'async function f(): Promise<void> {}\nf();\nexport {};',
    'typescript(no-floating-promises)',
  ),
];

export const violations: Violation[] = [...upward, ...sideways, ...timed, ...sources, ...habits];

/** What must stay allowed, so that no rule above is met by refusing everything. */
export const allowed: { says: string; file: string; code: string }[] = [
  {
    says: 'runtime reads the clock',
    file: 'packages/shared/src/runtime/real.ts',
    code: "export { setTimeout } from 'node:timers/promises';\nexport const now: number = performance.now() + Date.now() + Math.random();",
  },
  {
    says: 'a test may wait',
    file: 'packages/pg-ha/src/waits.test.ts',
    code: 'setTimeout(() => undefined, Date.now());',
  },
  {
    says: 'policy uses errors, runtime and opossum',
    file: 'packages/shared/src/policy/down.ts',
    code: "export * from '../errors/codes.ts';\nexport * from '../runtime/clock.ts';\nexport { default } from 'opossum';",
  },
  {
    says: 'discovery uses sockets and everything below',
    file: 'packages/shared/src/discovery/down.ts',
    code: "export * from 'node:net';\nexport * from './resolver.ts';\nexport * from '../topology/topology.ts';",
  },
  {
    says: 'pg-ha uses shared and pg',
    file: 'packages/pg-ha/src/pool/down.ts',
    code: "export * from '@steadfast/shared';\nexport * from 'pg';\nexport * from '../options.ts';\nexport { createHash } from 'node:crypto';",
  },
  {
    says: 'redis-ha uses shared, ioredis and generic-pool',
    file: 'packages/redis-ha/src/down.ts',
    code: "export * from '@steadfast/shared';\nexport * from 'ioredis';\nexport * from 'generic-pool';",
  },
];
