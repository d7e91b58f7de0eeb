import type { Notice } from '../notice.ts';

export interface Delivery {
  readonly notice: Notice;
  /** what this sink asked to be remembered of the incident when it delivered a notice of it; null = nothing yet */
  readonly memory: unknown;
  /** it was tried before, and may have arrived though we heard otherwise */
  readonly isRetry: boolean;
}

/** How one attempt ended. Texts name the host at most: addresses and keys are secrets. */
export type Outcome =
  | { readonly kind: 'taken'; readonly memory?: unknown } // memory: plain data
  /** this notice can never be delivered; others may */
  | { readonly kind: 'refused'; readonly why: string }
  /** nothing can be delivered until somebody changes something: a key that was withdrawn, a channel that is archived */
  | { readonly kind: 'closed'; readonly why: string }
  /** worth another attempt, not before so many ms */
  | { readonly kind: 'retry'; readonly why: string; readonly afterMs: number };

/** Where notices go: one attempt at a time. Who calls it tries again, keeps the order and remembers. */
export interface Sink {
  readonly name: string;
  /** as in the configuration: slack, pagerduty, webhook, … */
  readonly type: string;
  /** Resolves within the sink's own time limit. @throws AbortError by the signal, nothing else */
  send(delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  /** How long a send of it would wait now for the rate that the receiver takes, ms: others may go first meanwhile. */
  pauseMs?(notice: Notice): number;
  /**
   * A receiver that forgets what it is not told again (Alertmanager). Who calls `send` also calls `refresh`, each
   * `everyMs` and once after a start, one call at a time and never beside `send`, with the newest delivered notice of each
   * incident whose status is `open` or `acknowledged`. A refresh that fails is not tried again before the next is due: the
   * receiver keeps what it knows for several times `everyMs`. Nothing is remembered of it.
   */
  readonly refresh?: {
    readonly everyMs: number;
    /** As `send`; an empty list asks for nothing. @throws AbortError by the signal, nothing else */
    run(notices: readonly Notice[], signal: AbortSignal): Promise<Outcome>;
  };
}
