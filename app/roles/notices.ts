import type { DeskEntry } from '../../alerts/desk-said.ts';
import type { Notice } from '../../alerts/notice.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';

/** What the desk says, numbered over all that it ever said, so that what is said again after a kill is known by it. */
interface Numbered {
  /** the life of the desk's state that counts: where the state was lost, another one counts from 1 */
  readonly epoch: string;
  readonly n: number;
}

/** A notice on its way to destinations. */
export interface NumberedNotice extends Numbered {
  readonly notice: Notice;
  /** names of destinations, at least one */
  readonly to: readonly string[];
}

/** Something that is kept and told to nobody: for the store, and for who carries out what people asked for. */
export interface NumberedEntry extends Numbered {
  readonly entry: DeskEntry;
}

const KIND = 'notices';

/** As a record of the topic `notices`. */
export function encodeNotice(said: NumberedNotice | NumberedEntry): Uint8Array {
  return encodeMessage(KIND, 0, said);
}

/** Notices and entries are told apart by `'notice' in said`. @throws {WireError} */
export function decodeNotice(bytes: Uint8Array): NumberedNotice | NumberedEntry {
  const said = decodeMessage(bytes, KIND) as Partial<NumberedNotice & NumberedEntry>;
  const isNumbered = typeof said.epoch === 'string' && Number.isInteger(said.n) && (said.n as number) > 0;
  if (!isNumbered) throw new WireError('MALFORMED', 'a notice that is not numbered');
  const isNotice = typeof said.notice?.incident_id === 'string' && Array.isArray(said.to);
  if (!isNotice && typeof said.entry?.kind !== 'string') throw new WireError('MALFORMED', 'no notice');
  return said as NumberedNotice | NumberedEntry;
}
