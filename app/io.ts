/** What a command may touch of the world outside: so that tests can hand in their own. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** wall clock, ms, for durations only */
  nowMs(): number;
  /** Calls `stop` when the user wants an end; returns how to stop listening. */
  onInterrupt(stop: () => void): () => void;
  /** Calls `heard` on SIGHUP; returns how to stop listening. Absent where there is no such thing. */
  onHangup?(heard: () => void): () => void;
  /** folder that relative paths are of; default: the process's */
  readonly cwd?: string;
}

export interface Output {
  readonly isTTY: boolean;
  /** Resolves when there is room for more. @throws {ClosedOutputError} when nobody reads any more */
  write(text: string): Promise<void>;
}

/** The reader of our output went away, as `head` does: not a failure. */
export class ClosedOutputError extends Error {
  override readonly name = 'ClosedOutputError';
  readonly code = 'OUTPUT_CLOSED';
}

/** The command was called wrongly; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'BAD_USAGE';
}

/** Nothing could be done with what was given; exit code 1. The message says what to do about it. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code = 'NO_INPUT';
}

/** The user ended it before there was anything to keep; exit code 130. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly code = 'INTERRUPTED';
}

/** 0 done, 1 failed, 2 bad usage or config, 3 alerts with `--fail-on-alert`, 130 ended by Ctrl-C. */
export const EXIT = { done: 0, failed: 1, usage: 2, alert: 3, interrupted: 130 } as const;
