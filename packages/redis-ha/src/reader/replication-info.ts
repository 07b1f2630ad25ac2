/** What a server says of its place in replication. */
export interface ReplicationInfo {
  readonly role: 'primary' | 'replica';
  /** names the history that the offset counts in; a replica has its master's */
  readonly replid: string;
  /** bytes of that history that it has applied */
  readonly offset: number;
  /** a replica whose link to its master stands */
  readonly linked: boolean;
}

/** Reads `INFO replication`; undefined where it says none of it. */
export function readReplication(info: string): ReplicationInfo | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const role = field('role') === 'master' ? 'primary' : 'replica';
  const replid = field('master_replid');
  const offset = Number(field(role === 'primary' ? 'master_repl_offset' : 'slave_repl_offset') ?? Number.NaN);
  if (replid === undefined || !Number.isInteger(offset)) return undefined;
  return { role, replid, offset, linked: role === 'replica' && field('master_link_status') === 'up' };
}
