import type { FailureKind } from './effect.ts';
import type { FunctionProfile } from './profile.ts';

/** One invocation as it really went: what the renderers turn into log events. */
export interface Call {
  readonly profile: FunctionProfile;
  readonly version: string;
  readonly requestId: string;
  readonly startMs: number;
  /** whole milliseconds: the time stamp of END and REPORT */
  readonly endMs: number;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memorySizeMb: number;
  readonly memoryUsedMb: number;
  /** null = warm */
  readonly initMs: number | null;
  readonly failure: FailureKind | null;
  /** of a handler's failure */
  readonly errorType: string | null;
  /** HTTP status, null where the function logs none */
  readonly status: number | null;
  /** prints something secret-shaped */
  readonly secret: boolean;
  readonly chatter: boolean;
  /** X-Ray trace, null = not traced */
  readonly traceId: string | null;
  readonly txBytes: number;
  readonly rxBytes: number;
  readonly cpuMs: number;
}
