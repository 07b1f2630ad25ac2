import type { Random } from '@steadfast/shared';
import { APP } from '../world/network.ts';
import type { Lie, Plane } from '../world/plane.ts';
import type { Server } from '../world/server.ts';
import { DCS, type Supervisor } from '../world/supervisor.ts';
import type { World } from '../world/world.ts';

export const FAULTS = [
  'crash',
  'dark',
  'freeze',
  'cut off from us',
  'cut off from its peers',
  'cut off from the store',
  'cut off from all',
  'switchover',
  'loss',
  'lie',
  'usurper, same timeline',
  'usurper, next timeline',
  'stall',
  'nobody demotes it',
  'wrong password',
  'full',
  'a pool is ended',
] as const;
export type FaultName = (typeof FAULTS)[number];

export interface Fault {
  readonly name: FaultName;
  readonly atMs: number;
  readonly lastsMs: number;
}

const LIES: readonly Lie[] = ['slow', 'wrong', 'empty', 'dead', 'stale'];

/** What a fault befalls. */
export interface Stage {
  world: World;
  plane: Plane;
  supervisor: Supervisor | undefined;
  random: Random;
  /** ends one of several pools */
  endPool: () => void;
}

/** Begins a fault; returns its end. */
export function begin(stage: Stage, { name, lastsMs }: Fault): () => void {
  const { world } = stage;
  const server = victim(stage);
  world.happened(`+ ${name}`, server.name);
  const end = apply(stage, name, server, lastsMs);
  return () => {
    world.happened(`- ${name}`, server.name);
    end();
  };
}

/** The primary, mostly. */
function victim({ world, random }: Stage): Server {
  const { servers } = world;
  const leader = servers.find((server) => server.leads);
  const any = servers[Math.floor(random.next() * servers.length)] as Server;
  return leader && random.next() < 0.75 ? leader : any;
}

function apply(stage: Stage, name: FaultName, server: Server, lastsMs: number): () => void {
  const { world, plane } = stage;
  const { network } = world;
  switch (name) {
    case 'crash':
      server.crash();
      return () => server.start();
    case 'dark':
      network.darken(server.name, true);
      return () => {
        network.darken(server.name, false);
        server.crash();
        server.start();
      };
    case 'freeze':
      server.frozen = true;
      return () => server.thaw();
    case 'cut off from us':
      return cut(world, server.name, [APP]);
    case 'cut off from its peers':
      return cut(world, server.name, others(world, server));
    case 'cut off from the store':
      return cut(world, server.name, plane.hosts.includes('s1') ? plane.hosts : [DCS]);
    case 'cut off from all':
      return cut(world, server.name, [...others(world, server), ...plane.hosts, DCS]);
    case 'nobody demotes it':
      server.unsupervised = true;
      return () => (server.unsupervised = false);
    case 'wrong password':
      server.refuses = '28P01';
      return () => (server.refuses = undefined);
    case 'full':
      server.refuses = '53300';
      return () => (server.refuses = undefined);
    case 'loss':
      network.loss = 0.05 + 0.15 * stage.random.next();
      return () => (network.loss = 0);
    default:
      return applyToWhole(stage, name, lastsMs);
  }
}

/** Faults that befall no server in particular. */
function applyToWhole(
  { world, plane, supervisor, random, endPool }: Stage,
  name: FaultName,
  lastsMs: number,
): () => void {
  const nothing = (): void => undefined;
  switch (name) {
    case 'switchover':
      plane.switchOver();
      return nothing;
    case 'lie': {
      if (plane.lie !== undefined) return nothing; // one at a time
      plane.lie = LIES[Math.floor(random.next() * LIES.length)];
      world.happened('lies', plane.lie);
      return () => (plane.lie = undefined);
    }
    case 'usurper, same timeline':
    case 'usurper, next timeline': {
      const usurper = supervisor?.usurp(name === 'usurper, same timeline');
      if (!usurper) return nothing;
      world.happened('usurps', usurper.name, usurper.timeline);
      return () => supervisor?.restore();
    }
    case 'a pool is ended':
      endPool();
      return nothing;
    default:
      world.app.stalledUntil = Math.max(world.app.stalledUntil, world.app.now() + Math.min(lastsMs, 3_000));
      return nothing;
  }
}

function others(world: World, server: Server): string[] {
  return world.servers.filter((other) => other !== server).map(({ name }) => name);
}

function cut(world: World, host: string, from: readonly string[]): () => void {
  for (const other of from) world.network.cut(host, other);
  return () => {
    for (const other of from) world.network.heal(host, other);
  };
}
