import type { Stretch } from '../measure.ts';
import type { Access } from './peers.ts';

/** To the process of one client; each is answered before the next is sent. */
export type ToPeer =
  | { readonly ask: 'open'; readonly name: string; readonly access: Access }
  | { readonly ask: 'stretch' | 'profile'; readonly callers: number; readonly count: number }
  | { readonly ask: 'close' };

export type FromPeer =
  | { readonly tell: 'open' | 'closed' }
  | { readonly tell: 'stretch'; readonly stretch: Stretch }
  /** a CPU profile, as the text of its file */
  | { readonly tell: 'profile'; readonly profile: string }
  | { readonly tell: 'failed'; readonly error: string };
