import { spawn } from 'node:child_process';
import path from 'node:path';
import { childEnv, root } from './paths.mjs';
import { alive } from './progress.mjs';
import { exitStatus, interrupted, owns } from './signals.mjs';
import { Stop } from './stop.mjs';

/** The most that is kept of a quiet child's output. */
const KEPT_BYTES = 1 << 20;

const reaper = ['python3', path.join(root, 'scripts/reaper.py')];

/**
 * Runs a command to its end.
 * `quiet`: its output is kept and returned instead of shown. `afterSignal`: it may run after a signal came.
 * A process group of its own: a terminal's Ctrl-C reaches it once, through us, and it can be killed whole.
 * `reap`: what it leaves behind is reaped, also where process 1 does not; what starts a lab needs it.
 */
export function run(
  command,
  args,
  { quiet = false, note, env, onSignal, afterSignal = false, reap = false, cwd = root } = {},
) {
  if (interrupted && !afterSignal) return Promise.reject(new Stop(`stopped by ${interrupted}`));
  return new Promise((resolve) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const words = [...(reap ? reaper : []), command, ...args];
    const child = spawn(words[0], words.slice(1), {
      cwd,
      stdio,
      detached: true,
      env: { ...childEnv(), ...env },
    });
    owns(child, onSignal);
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_BYTES);
      note?.(String(chunk));
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', (error) => resolve({ status: 127, output: `${command}: ${error.message}` }));
    child.once('close', (code, signal) => resolve({ status: code ?? exitStatus(signal), output }));
  });
}

/** Runs a quiet command under a line that shows it is alive. */
export async function runAlive(label, command, args, options = {}) {
  const line = alive(label);
  const result = await run(command, args, { ...options, quiet: true, note: (text) => line.note(text) });
  const ms = line.end(result.status === 0 ? 'ok    ' : interrupted ? 'ended ' : 'FAILED');
  return { ...result, ms };
}
