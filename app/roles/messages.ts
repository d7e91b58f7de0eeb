import type { AlertEvent } from '../../alerts/event.ts';
import { eventFault } from '../../alerts/event-check.ts';
import type { PartitionAway, PartitionSaid, PartitionStep, StepPiece } from '../../alerts/fleet-merge.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { Reject } from '../../ingest/reject.ts';

/** JSON of a record, about, before it is deflated: below the 1 MB that a broker takes by default, even in a storm. */
const RECORD_BYTES = 500_000;
const REJECTS_A_RECORD = 500;
/** What a step takes besides its verdicts and pulses, about. */
const STEP_BYTES = 200;

/** An alert event on its way to people; `n` counts all that the fleet stage ever said, so that a repeated one is known. */
export interface NumberedAlert {
  /** the life of the fleet stage's state that counts: where the state was lost, another one counts from 1 */
  readonly epoch?: string;
  readonly n: number;
  readonly event: AlertEvent;
}

/** How far event time is: says that nothing more comes from before it. Numbered with the alerts. */
export interface NumberedTime {
  readonly epoch: string;
  readonly n: number;
  /** ms since 1970 */
  readonly timeMs: number;
}

/** What somebody asked of the desk. Not numbered: the desk knows it again by its id. */
export interface CommandRecord {
  readonly command: { readonly id: string; readonly kind: string; readonly [field: string]: unknown };
}

export type AlertRecord = NumberedAlert | NumberedTime | CommandRecord;

/** Dead letters of one origin. */
export interface DeadLetters {
  readonly rejects: readonly Reject[];
}

/**
 * What a partition said since the last time, as records of the topic `verdicts`, in order.
 * @param recordBytes of JSON a record, about; only one verdict or pulse alone may be larger
 */
export function encodeSaid(
  { partition, epoch, last, watermarkMs, steps }: PartitionSaid,
  recordBytes = RECORD_BYTES,
): Uint8Array[] {
  const pieces = steps.flatMap((step) => [...piecesOf(step, recordBytes)]);
  const parts = runsOf(pieces, ({ bytes }) => bytes, recordBytes);
  if (parts.length === 0) parts.push([]);
  return parts.map((part, i) => {
    // only the last record tells how far the watermark is: then all that belongs before it has been told
    const reachedMs = i === parts.length - 1 ? watermarkMs : Number.NEGATIVE_INFINITY;
    const said: PartitionSaid = { partition, epoch, last, watermarkMs: reachedMs, steps: part.map(({ step }) => step) };
    return encodeMessage('verdicts', 0, said);
  });
}

/** A step as one piece, or as several where it is too large. */
function* piecesOf(step: PartitionStep, recordBytes: number): Generator<{ step: StepPiece; bytes: number }> {
  const items = [...step.verdicts, ...step.pulses];
  const sizes = items.map(bytesOf);
  const bytes = STEP_BYTES + sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= recordBytes || items.length < 2) {
    yield { step, bytes };
    return;
  }
  const { verdicts, pulses } = step;
  let from = 0;
  for (const run of runsOf(sizes, (size) => size, Math.max(1, recordBytes - STEP_BYTES))) {
    const end = from + run.length;
    const piece: StepPiece = {
      ...step,
      verdicts: verdicts.slice(from, end),
      pulses: pulses.slice(Math.max(0, from - verdicts.length), Math.max(0, end - verdicts.length)),
      from,
      of: items.length,
    };
    yield { step: piece, bytes: STEP_BYTES + run.reduce((sum, size) => sum + size, 0) };
    from = end;
  }
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value)) + 1;

/** `items` in order, cut into runs of at most `limit` bytes and `count` items; an item that is larger stands alone. */
function runsOf<T>(
  items: readonly T[],
  size: (item: T) => number,
  limit: number,
  count = Number.POSITIVE_INFINITY,
): T[][] {
  const runs: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const run = runs.at(-1);
    bytes += size(item);
    if (run !== undefined && bytes <= limit && run.length < count) {
      run.push(item);
      continue;
    }
    runs.push([item]);
    bytes = size(item);
  }
  return runs;
}

export function encodeAway(away: PartitionAway): Uint8Array {
  return encodeMessage('verdicts', 0, away);
}

/** @throws {WireError} */
export function decodeSaid(bytes: Uint8Array): PartitionSaid | PartitionAway {
  const message = decodeMessage(bytes, 'verdicts') as Partial<PartitionSaid & PartitionAway>;
  const isKnown = Array.isArray(message.steps) ? isIndex(message.partition) : isIndex(message.away);
  if (!isKnown) throw new WireError('MALFORMED', 'verdicts without a partition');
  if (message.steps === undefined) return message as PartitionAway;
  if (typeof message.epoch !== 'string' || !isIndex(message.last) || !message.steps.every(isStep))
    throw new WireError('MALFORMED', 'verdicts that are not numbered');
  return message as PartitionSaid | PartitionAway;
}

const isIndex = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

const isStep = (step: Partial<StepPiece> | null): boolean =>
  isIndex(step?.n) &&
  Array.isArray(step?.verdicts) &&
  Array.isArray(step?.pulses) &&
  (step?.of === undefined ? step?.from === undefined : isIndex(step.of) && isIndex(step.from));

export function encodeAlert(alert: NumberedAlert): Uint8Array {
  return encodeMessage('alerts', 0, alert);
}

export function encodeTime(time: NumberedTime): Uint8Array {
  return encodeMessage('alerts', 0, time);
}

export function encodeCommand(record: CommandRecord): Uint8Array {
  return encodeMessage('alerts', 0, record);
}

/** Any record of the topic `alerts`. @throws {WireError} */
export function decodeAlertRecord(bytes: Uint8Array): AlertRecord {
  const record = decodeMessage(bytes, 'alerts') as Partial<NumberedAlert & NumberedTime & CommandRecord>;
  if (typeof record.command?.id === 'string' && typeof record.command.kind === 'string') return record as CommandRecord;
  if (!isIndex(record.n)) throw new WireError('MALFORMED', 'an alert event that is not numbered');
  const fault = record.event === undefined ? timeFault(record.timeMs) : eventFault(record.event);
  if (fault !== null) throw new WireError('MALFORMED', `no alert event: ${fault}`);
  return record as NumberedAlert | NumberedTime;
}

/** No date is further from 1970, ms. */
const FURTHEST_MS = 8.64e15;
const timeFault = (timeMs: unknown): string | null =>
  typeof timeMs === 'number' && Math.abs(timeMs) <= FURTHEST_MS ? null : 'neither an event nor a time';

/** Dead letters as records of the topic `rejects`. */
export function encodeRejects(rejects: readonly Reject[]): Uint8Array[] {
  const runs = runsOf(rejects, bytesOf, RECORD_BYTES, REJECTS_A_RECORD);
  return runs.map((run) => encodeMessage('rejects', 0, { rejects: run } satisfies DeadLetters));
}

/** @throws {WireError} */
export function decodeRejects(bytes: Uint8Array): readonly Reject[] {
  const { rejects } = decodeMessage(bytes, 'rejects') as Partial<DeadLetters>;
  if (!Array.isArray(rejects)) throw new WireError('MALFORMED', 'no dead letters');
  return rejects;
}
