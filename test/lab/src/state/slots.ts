import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressPrefix } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { subnetTaken } from '../network/namespaces.ts';
import { identify, isAlive, type ProcessIdentity } from '../process/identity.ts';

/** As many labs side by side as there are subnets set aside. */
const SLOTS = 64;
const FOLDER = join(tmpdir(), 'steadfast-lab-slots');

interface Claim {
  id: string;
  dir: string;
  claimant: ProcessIdentity;
}

/**
 * Numbers labs on this machine, across users and base folders: the number is the subnet. A claim lapses when the
 * lab's folder is gone and so is the process that claimed it. Called under the machine's lock.
 */
export function claimSlot(id: string, dir: string): number {
  const claimant = identify(process.pid);
  if (!claimant) throw new LabError('/proc is not readable');
  // Every user's labs are numbered together.
  if (mkdirSync(FOLDER, { recursive: true })) chmodSync(FOLDER, 0o1777);
  for (let slot = 0; slot < SLOTS; slot++) {
    if (claimOf(slot) || subnetTaken(addressPrefix('namespaces', slot), slot)) continue;
    const file = fileOf(slot);
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify({ id, dir, claimant }), { flag: 'wx', mode: 0o644 });
    return slot;
  }
  throw new LabError(`all ${SLOTS} lab slots are taken: end one by 'pnpm lab down <id>' (see ${FOLDER})`);
}

export function releaseSlot(slot: number, dir: string): void {
  if (readClaim(slot)?.dir === dir) rmSync(fileOf(slot), { force: true });
}

/** Whether a lab of this name is on the machine, in whichever base folder: the names of the network are its id's. */
export function idTaken(id: string): boolean {
  if (existsSync(`/run/netns/sf-${id}-switch`)) return true;
  return existsSync(FOLDER) && readdirSync(FOLDER).some((slot) => claimOf(Number(slot))?.id === id);
}

/** The claim on a slot that has not lapsed. */
function claimOf(slot: number): Claim | undefined {
  const claim = readClaim(slot);
  return claim && (existsSync(claim.dir) || isAlive(claim.claimant)) ? claim : undefined;
}

function readClaim(slot: number): Claim | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(slot), 'utf8')) as Claim;
  } catch {
    return undefined;
  }
}

function fileOf(slot: number): string {
  return join(FOLDER, String(slot));
}
