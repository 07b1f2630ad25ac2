import type { Epoch } from '@steadfast/shared';

/** An epoch as sentinels write it; undefined for anything else, since one that no other could exceed would be followed for ever. */
export function readEpoch(word: string | undefined): Epoch | undefined {
  const epoch = word !== undefined && /^\d{1,16}$/.test(word) ? Number(word) : Number.NaN;
  return Number.isSafeInteger(epoch) ? epoch : undefined;
}
