import type { AlertEvent } from '../../alerts/event.ts';
import type { PartitionAway, PartitionSaid, PartitionStep } from '../../alerts/fleet-merge.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { Reject } from '../../ingest/reject.ts';

/** Verdicts a record, about: a record stays far below what a broker takes, even in a storm. */
const VERDICTS_A_RECORD = 200;
const STEPS_A_RECORD = 1000;

/** An alert event on its way to people; `n` counts all that the fleet stage ever said, so that a repeated one is known. */
export interface NumberedAlert {
  readonly n: number;
  readonly event: AlertEvent;
}

/** Dead letters of one origin. */
export interface DeadLetters {
  readonly rejects: readonly Reject[];
}

/** What a partition said since the last time, as records of the topic `verdicts`, in order. */
export function encodeSaid({ partition, watermarkMs, steps }: PartitionSaid): Uint8Array[] {
  const records: Uint8Array[] = [];
  let part: PartitionStep[] = [];
  let verdicts = 0;
  // only the last record tells how far the watermark is: then all that belongs before it has been told
  const cut = (reached: number) => {
    records.push(encodeMessage('verdicts', 0, { partition, watermarkMs: reached, steps: part }));
    part = [];
    verdicts = 0;
  };
  for (const step of steps) {
    if (part.length > 0 && (verdicts >= VERDICTS_A_RECORD || part.length >= STEPS_A_RECORD))
      cut(Number.NEGATIVE_INFINITY);
    part.push(step);
    verdicts += step.verdicts.length;
  }
  cut(watermarkMs);
  return records;
}

export function encodeAway(away: PartitionAway): Uint8Array {
  return encodeMessage('verdicts', 0, away);
}

/** @throws {WireError} */
export function decodeSaid(bytes: Uint8Array): PartitionSaid | PartitionAway {
  const message = decodeMessage(bytes, 'verdicts') as Partial<PartitionSaid & PartitionAway>;
  const isKnown = Array.isArray(message.steps) ? isIndex(message.partition) : isIndex(message.away);
  if (!isKnown) throw new WireError('MALFORMED', 'verdicts without a partition');
  return message as PartitionSaid | PartitionAway;
}

const isIndex = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

export function encodeAlert(alert: NumberedAlert): Uint8Array {
  return encodeMessage('alerts', 0, alert);
}

/** @throws {WireError} */
export function decodeAlert(bytes: Uint8Array): NumberedAlert {
  const alert = decodeMessage(bytes, 'alerts') as Partial<NumberedAlert>;
  if (!isIndex(alert.n) || typeof alert.event?.alert_id !== 'string')
    throw new WireError('MALFORMED', 'no alert event');
  return alert as NumberedAlert;
}

export function encodeRejects(rejects: readonly Reject[]): Uint8Array {
  return encodeMessage('rejects', 0, { rejects } satisfies DeadLetters);
}

/** @throws {WireError} */
export function decodeRejects(bytes: Uint8Array): readonly Reject[] {
  const { rejects } = decodeMessage(bytes, 'rejects') as Partial<DeadLetters>;
  if (!Array.isArray(rejects)) throw new WireError('MALFORMED', 'no dead letters');
  return rejects;
}
