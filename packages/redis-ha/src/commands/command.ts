/** What is used of ioredis's Command. */
export interface DriverCommand {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly promise: Promise<unknown>;
  /** set by a script that was defined as such */
  readonly isReadOnly?: boolean;
  /** part of a MULTI … EXEC that was built as one pipeline */
  readonly inTransaction?: boolean;
  /** its place in a pipeline, where it is part of one */
  readonly pipelineIndex?: number;
  /** its caller has an answer already (ioredis 6) */
  readonly isSettled?: boolean;
  /** begins its own timeout; ioredis does when it sends the command, which changes nothing where it has begun */
  setTimeout?(ms: number): void;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** As programs write it. */
export const QUIT_NAMES: readonly string[] = ['quit', 'QUIT'];

/** It asks for the end of the connection, and of the client with it. */
export function isQuit(command: DriverCommand): boolean {
  return QUIT_NAMES.includes(command.name);
}

/** What a command holds in memory beside its arguments, about: measured with Node 24, ticket and promise included. */
const OWN_BYTES = 1_024;

/** What a command that waits holds in memory: an estimate, cheap enough to be made for each. */
export function bytesOf(command: DriverCommand): number {
  let bytes = OWN_BYTES;
  for (const arg of command.args)
    bytes += typeof arg === 'string' || Buffer.isBuffer(arg) ? arg.length + 32 : 32;
  return bytes;
}

/** Answers a QUIT, whoever has ended what it asked to end. */
export function resolveOk(command: DriverCommand): unknown {
  command.resolve(Buffer.from('OK'));
  return command.promise;
}

export function reject(command: DriverCommand, error: Error): unknown {
  command.reject(error);
  return command.promise;
}
