import type { DeliveryRow } from '../../alerts/delivery-row.ts';
import type { AttemptClock, AttemptHooks } from './attempts.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import type { Resend } from './resend.ts';

export interface DeliveryHooks extends AttemptHooks {
  /** delivered, or given up: `rows` are in the order of delivery */
  readonly onEnded: (rows: readonly DeliveryRow[]) => void;
  /** Told once each time numbers are missing, or a desk speaks that was replaced: nothing of it is delivered. */
  readonly onIgnored: (n: number, why: string) => void;
  /** somebody asked for a notice that is not known here */
  readonly onUnknown: (asked: Resend) => void;
  /** Told once each time a receiver does not take what it has to be told again, until it does. */
  readonly onUnrefreshed: (why: string) => void;
}

export interface DeliveryOptions {
  readonly deadLetters: DeadLetterBox;
  readonly signal: AbortSignal;
  readonly clock: AttemptClock;
  readonly hooks: DeliveryHooks;
}
