const EVERY_MS = 5_000;
const LIVE_MS = 250;

/** Progress goes to stderr: what a command answers on stdout stays clean. */
const out = process.stderr;

export function say(line) {
  out.write(`${line}\n`);
}

export function duration(ms) {
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}

/**
 * Shows that a quiet step is alive: on a terminal one line that is rewritten, elsewhere a plain line every
 * few seconds. Returns what ends it.
 */
export function alive(label, everyMs = EVERY_MS) {
  const since = performance.now();
  const live = out.isTTY === true;
  let last = '';
  let written = false;
  const show = () => {
    const line = `  ${label}: ${duration(performance.now() - since)}${last && ` (${last})`}`;
    if (live) out.write(`\r\u001b[2K${line.slice(0, (out.columns ?? 80) - 1)}`);
    else say(line);
    written = true;
  };
  const timer = setInterval(show, live ? LIVE_MS : everyMs);
  // The child keeps the process alive, not the line about it.
  timer.unref();
  return {
    /** The newest line of the child's output, shown behind the elapsed time. */
    note(text) {
      const line = text.trimEnd().split('\n').at(-1)?.trim();
      if (line) last = line.slice(0, 100);
    },
    end(verdict) {
      clearInterval(timer);
      if (live && written) out.write('\r\u001b[2K');
      const ms = performance.now() - since;
      if (verdict) say(`${verdict} ${label} (${duration(ms)})`);
      return ms;
    },
  };
}
