const RealDate = globalThis.Date;
let offMs = 0;

/**
 * Puts this process's wall clock off by so much, as a step of the machine's clock does that every program reads; 0 puts it
 * right. The monotonic clock goes on as it does on such a machine.
 */
export function shiftClock(ms: number): void {
  offMs = ms;
  globalThis.Date = ShiftedDate as DateConstructor;
}

const ShiftedDate = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + offMs] : args, newTarget) as object,
  apply: () => new RealDate(RealDate.now() + offMs).toString(),
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
});

function now(): number {
  return RealDate.now() + offMs;
}
