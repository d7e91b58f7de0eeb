import type { Health } from '../../infra/health.ts';
import type { Log } from '../../infra/log.ts';
import type { Metrics } from '../../infra/metrics.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import type { Topics } from '../../infra/topics.ts';
import type { LearnedModel } from '../../models/learned/artifact.ts';
import type { Config } from '../config.ts';
import type { Io } from '../io.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import type { Watch } from './watch.ts';

/** What every role of a live installation works with. */
export interface RoleContext {
  readonly config: Config;
  readonly model: LearnedModel | null;
  readonly topics: Topics;
  /** folder of snapshots and positions of this bus: offsets of one bus say nothing on another */
  readonly stateDir: string;
  readonly rows: RowSink;
  /** false = the store is `none` */
  readonly hasStore: boolean;
  readonly deadLetters: DeadLetterBox;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly io: Io;
  /** asks for an orderly end */
  readonly signal: AbortSignal;
  /** where `tripline tap` and `top` look; absent = nobody can */
  readonly watch?: Watch;
  /** wall clock, ms since 1970: for what goes into requests and records; it may be set back, or forward */
  readonly nowMs: () => number;
  /** a clock that never jumps, ms: for how long ago, and until when to wait */
  readonly elapsedMs: () => number;
}
