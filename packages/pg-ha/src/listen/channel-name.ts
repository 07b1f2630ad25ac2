import { wrongSetting } from '@steadfast/shared';

/** PostgreSQL's limit on identifiers; LISTEN would cut a longer one off silently, and hear what was meant for another. */
const MAX_BYTES = 63;

/**
 * A channel's name as SQL, in quotes: exactly as given, with its capitals.
 * @throws HaError HA_CONFIG where it cannot be one
 */
export function quoteChannel(name: unknown): string {
  const good =
    typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= MAX_BYTES;
  if (!good) throw wrongSetting('the channel', name, `a name of 1 to ${MAX_BYTES} bytes`);
  return `"${name.replaceAll('"', '""')}"`;
}
