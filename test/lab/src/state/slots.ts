import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressPrefix } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { subnetTaken } from '../network/namespaces.ts';
import { identify, isAlive, type ProcessIdentity } from '../process/identity.ts';

/** As many labs side by side as there are subnets set aside. */
const SLOTS = 64;

interface Claim {
  dir: string;
  claimant: ProcessIdentity;
}

/**
 * Numbers labs on this machine, across users and base folders: the number is the subnet. A file made exclusively is
 * the claim; it lapses when the lab's folder is gone and so is the process that claimed it.
 */
export function claimSlot(dir: string): number {
  const folder = slotFolder();
  for (let slot = 0; slot < SLOTS; slot++) {
    const file = join(folder, String(slot));
    const claim = readClaim(file);
    if (claim && (existsSync(claim.dir) || isAlive(claim.claimant))) continue;
    if (subnetTaken(addressPrefix('namespaces', slot), slot)) continue;
    if (claim) rmSync(file, { force: true });
    if (tryClaim(file, dir)) return slot;
  }
  throw new LabError(`all ${SLOTS} lab slots are taken: end one by 'pnpm lab down <id>' (see ${folder})`);
}

export function releaseSlot(slot: number, dir: string): void {
  const file = join(slotFolder(), String(slot));
  if (readClaim(file)?.dir === dir) rmSync(file, { force: true });
}

function slotFolder(): string {
  const folder = join(tmpdir(), 'steadfast-lab-slots');
  // Every user's labs are numbered together.
  if (mkdirSync(folder, { recursive: true })) chmodSync(folder, 0o1777);
  return folder;
}

function readClaim(file: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Claim;
  } catch {
    return undefined;
  }
}

function tryClaim(file: string, dir: string): boolean {
  const claimant = identify(process.pid);
  try {
    writeFileSync(file, JSON.stringify({ dir, claimant }), { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
