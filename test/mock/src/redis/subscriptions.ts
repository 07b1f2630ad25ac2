import type { Reply } from './resp.ts';

const KINDS = /^(un|pun|sun|p|s)?subscribe$/;

/** What one connection is subscribed to: `subscribe a`, `psubscribe a*`. */
export class Subscriptions {
  readonly #all = new Set<string>();

  get all(): readonly string[] {
    return [...this.#all];
  }

  /** The replies to a command of these, one for each channel; undefined for any other. */
  answer(name: string, channels: readonly string[]): Reply[] | undefined {
    const kind = name.toLowerCase();
    if (!KINDS.test(kind)) return undefined;
    const set = kind.replace('un', '');
    const named = kind === set ? channels : this.#named(set, channels);
    if (named.length === 0) return [{ push: [kind, null, 0] }];
    return named.map((channel) => {
      if (kind === set) this.#all.add(`${set} ${channel}`);
      else this.#all.delete(`${set} ${channel}`);
      return { push: [kind, channel, this.#all.size] };
    });
  }

  /** Without names all of a kind are meant. */
  #named(set: string, channels: readonly string[]): readonly string[] {
    if (channels.length > 0) return channels;
    return this.all.filter((one) => one.startsWith(`${set} `)).map((one) => one.slice(set.length + 1));
  }
}
