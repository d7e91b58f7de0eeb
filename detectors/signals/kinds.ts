import { access } from './access.ts';
import { coldStarts } from './cold-starts.ts';
import { cost } from './cost.ts';
import { duration } from './duration.ts';
import { egress } from './egress.ts';
import { errorType } from './error-type.ts';
import { errors } from './errors.ts';
import { invocations } from './invocations.ts';
import { memory } from './memory.ts';
import { oom } from './oom.ts';
import type { Signal, SignalName } from './signal.ts';
import { timeouts } from './timeouts.ts';

/** Signals that grade windows with calls in them. `silence`, `lifecycle` and `content` follow other events: see shard.ts. */
export const WINDOW_SIGNALS: Readonly<Partial<Record<SignalName, Signal>>> = {
  invocations,
  duration,
  errors,
  error_type: errorType,
  timeouts,
  oom,
  cost,
  egress,
  memory,
  cold_starts: coldStarts,
  access,
};
