import { BlockList, isIP } from 'node:net';
import type { Setting } from './setting.ts';

/** More than any deployment lists. */
const MAX_RULES = 64;
const NAME = /^\.?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;

/** One rule, taken apart. */
type Rule =
  | { is: 'name'; name: string }
  | { is: 'suffix'; suffix: string }
  | { is: 'network'; address: string; bits: number; family: 'ipv4' | 'ipv6' };

/**
 * `db1,.internal.example.org,10.0.0.0/8`, or an array of such: a name allows that host, a suffix that begins with a dot all
 * names below it, an address or a network (CIDR) the addresses in it. Names are compared as they are written, and looked up
 * only when they are dialled: a network says nothing about names. What they come to: {@link hostFilter}.
 */
export function hostRules(): Setting<readonly string[]> {
  return {
    allowed: `host names, suffixes (.example.org), addresses and networks (10.0.0.0/8), comma-separated, at most ${MAX_RULES}`,
    read(raw) {
      const given: unknown =
        typeof raw === 'string' ? raw.split(',').filter((item) => item.trim() !== '') : raw;
      if (!Array.isArray(given) || given.length === 0 || given.length > MAX_RULES) return undefined;
      const rules = given.map((item) => (typeof item === 'string' ? item.trim().toLowerCase() : ''));
      return rules.every((rule) => parseRule(rule)) ? rules : undefined;
    },
  };
}

/** Whether a host may be dialled under rules that {@link hostRules} has read; without any, every one may. */
export function hostFilter(rules: readonly string[] | undefined): (host: string) => boolean {
  if (!rules) return () => true;
  const parsed = rules.flatMap((rule) => parseRule(rule) ?? []);
  const networks = new BlockList();
  for (const rule of parsed)
    if (rule.is === 'network') networks.addSubnet(rule.address, rule.bits, rule.family);
  return (host) => {
    const name = host.toLowerCase().replace(/\.$/, '');
    const family = isIP(name);
    if (family !== 0) return networks.check(name, family === 4 ? 'ipv4' : 'ipv6');
    return parsed.some(
      (rule) =>
        (rule.is === 'name' && rule.name === name) || (rule.is === 'suffix' && name.endsWith(rule.suffix)),
    );
  };
}

/** As {@link hostFilter}; `onRefused` hears of each host that may not be dialled, once, and of so many at most. */
export function hostGate(
  rules: readonly string[] | undefined,
  onRefused: (host: string) => void,
): (host: string) => boolean {
  const allows = hostFilter(rules);
  const refused = new Set<string>();
  return (host) => {
    if (allows(host)) return true;
    if (refused.size < MAX_RULES && !refused.has(host)) {
      refused.add(host);
      onRefused(host);
    }
    return false;
  };
}

function parseRule(rule: string): Rule | undefined {
  const [address = '', bits, ...more] = rule.split('/');
  const version = isIP(address);
  if (version !== 0) {
    const widest = version === 4 ? 32 : 128;
    const length = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity;
    if (more.length > 0 || length > widest) return undefined;
    return { is: 'network', address, bits: length, family: version === 4 ? 'ipv4' : 'ipv6' };
  }
  // All digits and dots is an address that was mistyped.
  if (bits !== undefined || !NAME.test(rule) || /^[\d.]+$/.test(rule)) return undefined;
  return rule.startsWith('.') ? { is: 'suffix', suffix: rule } : { is: 'name', name: rule };
}
