import type { Notice, Transition } from './notice.ts';

/** How the delivery of a notice to a destination ended, for the delivery log. Holds no address and no secret. */
export interface DeliveryRow {
  readonly destination: string;
  /** as in the configuration: slack, pagerduty, webhook, … */
  readonly type: string;
  /** what names this delivery for ever: who numbered the notice, and its number. A resent notice has a new one. */
  readonly epoch: string;
  readonly n: number;
  readonly incidentId: string;
  readonly version: number;
  readonly transition: Transition;
  readonly severity: string;
  /** of the notice, event time, ms */
  readonly atMs: number;
  /** when it was over, wall clock, ms */
  readonly endedMs: number;
  /** how many it took */
  readonly attempts: number;
  readonly outcome: 'delivered' | 'dead';
  /** of a dead letter: why it can never be delivered; empty otherwise */
  readonly why: string;
  /** from the beginning of the first attempt to the end of the last */
  readonly latencyMs: number;
  readonly isResent: boolean;
}

/** A notice that was given up, or was delivered, as it is kept to be sent again. */
export interface KeptDelivery {
  readonly row: DeliveryRow;
  readonly notice: Notice;
}
