import { randomUUID } from 'node:crypto';

/** A token nobody else has (UUID v4): names one piece of work in proofs and locks. Never to be repeated by a seed. */
export function uniqueToken(): string {
  return randomUUID();
}
