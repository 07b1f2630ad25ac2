import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** A terminal's Ctrl-C reaches us up to twice: from the terminal and from npm, which passes it on. */
const ONE_PRESS_MS = 500;
/** How long a child may clean up after a signal before it is killed. */
const CLEAN_UP_MS = 60_000;

let current;
/** The first signal received, or undefined. */
export let interrupted;
let lastAt = -Infinity;

/** How often to look whether the shell that npm started us by is still there. */
const ORPHAN_CHECK_MS = 1_000;

/** From now on signals go to the child that runs, and the process ends once that child has. */
export function catchSignals() {
  for (const signal of SIGNALS) process.on(signal, () => receive(signal));
  if (process.env.npm_lifecycle_event) stopWhenOrphaned();
}

/** A signal sent to npm alone ends npm and its shell but never reaches us: their end is our signal. */
function stopWhenOrphaned() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    receive('SIGTERM');
  }, ORPHAN_CHECK_MS);
  timer.unref();
}

function receive(signal) {
  const now = performance.now();
  if (now - lastAt < ONE_PRESS_MS) return;
  lastAt = now;
  interrupted ??= signal;
  if (!current) process.exit(exitStatus(signal));
  const { child, onSignal } = current;
  if (onSignal) return onSignal(signal);
  child.kill(signal);
  // A child that does not end is killed with everything it started; each has a process group of its own.
  setTimeout(() => killGroup(child), CLEAN_UP_MS).unref();
}

function killGroup(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Names the child that signals go to until it has ended. */
export function owns(child, onSignal) {
  current = { child, onSignal };
  const disown = () => {
    if (current?.child === child) current = undefined;
  };
  child.once('close', disown);
  child.once('error', disown);
}

/** What a shell reports for a process that ended by this signal. */
export function exitStatus(signal) {
  return 128 + (constants.signals[signal] ?? 1);
}
