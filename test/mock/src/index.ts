export * as pgMessages from './pg/messages.ts';
export { Tables } from './pg/tables.ts';
export type { PgSaying } from './pg/pg-session.ts';
export { ScriptedPostgres } from './pg/scripted-postgres.ts';
export type { Rule, Scripted, Step, When } from './script.ts';
export { ScriptedServer, type Link, type Request, type Session } from './scripted-server.ts';
