/** `41 ms`, `940 ms`, `1.92 s`, `22.4 s`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 999.5) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(size < 9_995 ? 2 : 1)} s`;
}

/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Time since something, for lines that follow each other: ` 1.92 s`. */
export function since(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(6)} s`;
}

/** `1 message`, `2 messages`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
