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
  resolve(value: unknown): void;
  reject(error: Error): void;
}
