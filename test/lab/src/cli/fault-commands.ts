import { parseArgs } from 'node:util';
import { LabError } from '../errors.ts';
import { FAULTS } from '../faults/table.ts';
import { Lab } from '../lab.ts';
import { monotonicMs } from '../monotonic.ts';
import type { FaultArgs, FaultEvent, FaultName } from '../types.ts';

export async function fault(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { target: { type: 'string' }, lab: { type: 'string' }, list: { type: 'boolean' } },
  });
  if (values.list) return console.log(faultList().join('\n'));
  const [name, ...words] = positionals;
  if (name === undefined) throw new LabError(`fault: name one of ${Object.keys(FAULTS).join(', ')}`);
  const faultArgs: FaultArgs = {
    ...argsFrom(words),
    ...(values.target !== undefined && { target: values.target }),
  };
  const lab = await Lab.attach(values.lab);
  const since = monotonicMs();
  const made = await lab.fault(name as FaultName, faultArgs);
  print(`${made.name} on ${made.target}`, since, made.events);
  if (made.endpoint) console.log(`connect to ${made.endpoint.host}:${made.endpoint.port}`);
}

export async function heal(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { lab: { type: 'string' }, wait: { type: 'boolean' } },
  });
  const [name] = positionals;
  const lab = await Lab.attach(values.lab);
  const open = lab.openFaults();
  const chosen = open.filter((each) => name === undefined || each.name === name);
  if (chosen.length === 0) {
    const list = open.map((each) => each.name).join(', ') || 'none';
    if (name !== undefined) throw new LabError(`fault '${name}' is not open; open faults: ${list}`);
    console.log('no fault is open');
  }
  // The last one first, as they lie on each other.
  for (const each of chosen.toReversed()) {
    const since = monotonicMs();
    print(`healed ${each.name} on ${each.target}`, since, await each.heal());
  }
  if (!values.wait) return;
  await lab.waitHealthy();
  console.log('everything is healthy');
}

function argsFrom(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new LabError(`argument '${word}': allowed is name=value`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function print(title: string, since: number, events: readonly FaultEvent[]): void {
  console.log(title);
  for (const { at, what } of events) console.log(`  ${(at - since).toFixed(1).padStart(8)} ms  ${what}`);
}

function faultList(): string[] {
  return Object.entries(FAULTS).flatMap(([name, kind]) => {
    const limits = [...(kind.needsNamespaces ? ['network namespaces'] : []), ...(kind.needs ?? [])];
    return [
      name,
      `  means   ${kind.meaning}`,
      `  heal    ${kind.healing}`,
      `  target  ${kind.target}`,
      ...Object.entries(kind.args ?? {}).map(([arg, text]) => `  ${arg}  ${text}`),
      ...(limits.length > 0 ? [`  needs   ${limits.join(', ')}`] : []),
    ];
  });
}
