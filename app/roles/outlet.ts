import type { Notice } from '../../alerts/notice.ts';
import type { Delivery, Outcome, Sink } from '../../alerts/sinks/sink.ts';

/** Where a delivery stage sends to: a sink, or what takes many notices at a time and knows what it has. */
export interface Outlet {
  readonly name: string;
  /** as in the configuration */
  readonly type: string;
  /** how many are delivered together: all of them or none */
  readonly atOnce: number;
  /** One attempt. @throws AbortError by the signal, nothing else */
  send(deliveries: readonly Delivery[], signal: AbortSignal): Promise<Outcome>;
  /** As of a sink: only where one is sent at a time. */
  pauseMs?(notice: Notice): number;
  /** One attempt to make ready what has to be there before the first delivery ever: then `mark` tells of it. */
  prepare?(): Promise<Outcome>;
  /** As of a sink. */
  readonly refresh?: Sink['refresh'];
  /** What to remember of all that was delivered so far; plain data. */
  mark?(): unknown;
}

/** One notice at a time. */
export function sinkOutlet(sink: Sink): Outlet {
  return {
    name: sink.name,
    type: sink.type,
    atOnce: 1,
    send: ([delivery], signal) => sink.send(delivery as Delivery, signal),
    ...(sink.pauseMs === undefined ? {} : { pauseMs: (notice: Notice) => sink.pauseMs?.(notice) ?? 0 }),
    ...(sink.refresh === undefined ? {} : { refresh: sink.refresh }),
  };
}
