import type { Io } from '../io.ts';

/** What the doctor looks at besides the configuration: so that tests can break it. */
export interface DoctorWorld {
  readonly env: Io['env'];
  readonly cwd: string;
  readonly nodeVersion: string;
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
  /** processes of this installation that answer */
  readonly running: readonly { readonly pid: number; readonly name: string }[];
  /** a test notice goes to each destination */
  readonly isSending: boolean;
  /** bytes that can still be written in a folder; the system's answer unless told */
  readonly freeBytes?: (dir: string) => number;
}
