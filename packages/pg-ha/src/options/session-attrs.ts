import type { ReadPreference } from '@steadfast/shared';

/** libpq's words for what a connection is wanted for. https://www.postgresql.org/docs/current/libpq-connect.html */
export const SESSION_ATTRS = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const;
export type SessionAttrs = (typeof SESSION_ATTRS)[number];

/** What a pool that runs reads alone asks for. */
export interface ReadTarget {
  readonly prefer: ReadPreference;
  /** a primary whose sessions may not write unless they ask counts as a standby */
  readonly readOnlyPrimary: boolean;
}

/** Who may serve a pool that asked for these; undefined: the primary alone, and it may write. */
export function readTarget(attrs: SessionAttrs): ReadTarget | undefined {
  switch (attrs) {
    case 'primary':
    case 'read-write':
      return undefined;
    case 'read-only':
      return { prefer: 'standby', readOnlyPrimary: true };
    case 'any':
    case 'standby':
    case 'prefer-standby':
      return { prefer: attrs, readOnlyPrimary: false };
  }
}
