import { LabError } from '../errors.ts';
import type { LabOptions } from '../types.ts';

/** Options out of `section.name=value` words; values are JSON. What they may be, the options' own parser says. */
export function settingsFrom(words: readonly string[]): LabOptions {
  const options: Record<string, unknown> = {};
  for (const word of words) {
    const match = /^([a-z]+)(?:\.([a-zA-Z]+))?=(.+)$/.exec(word);
    if (!match) throw new LabError(`--set ${word}: allowed is section.name=value or section=false`);
    const [, section = '', name, text = ''] = match;
    const value = valueOf(word, text);
    if (name === undefined) options[section] = value;
    else options[section] = { ...(options[section] as object | undefined), [name]: value };
  }
  return options as LabOptions;
}

function valueOf(word: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LabError(`--set ${word}: the value is a number, true or false`);
  }
}
