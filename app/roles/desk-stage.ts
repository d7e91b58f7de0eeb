import { Desk, type DeskState } from '../../alerts/desk.ts';
import type { DeskSaid } from '../../alerts/desk-said.ts';
import type { DeskSettings } from '../../alerts/desk-settings.ts';
import type { Bus } from '../../infra/bus.ts';
import { decodeMessage, encodeMessage, MAX_STATE_BYTES } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { IncidentPages, incidentsIn } from './desk-pages.ts';
import { type AlertRecord, decodeAlertRecord } from './messages.ts';
import { encodeNotice } from './notices.ts';
import { following, missing, type Numbering, reaching } from './numbering.ts';
import { Outbound } from './outbound.ts';
import type { Stage } from './stage.ts';

const PAGE = 'desk';

interface State {
  readonly epoch: string;
  /** notices and entries said so far */
  readonly said: number;
  readonly heard: Numbering;
  readonly beginsAt?: 'newest';
  readonly desk: DeskState;
}

export interface DeskStageOptions {
  /** names the life that begins where no state is restored: unlike any other */
  readonly epoch: string;
  readonly settings: DeskSettings;
  /** where a desk begins that has no state yet */
  readonly beginsAt?: 'newest';
  readonly notices: Bus;
  readonly deadLetters: DeadLetterBox;
  /** how far event time is, by what was said; also when it is said again */
  readonly onTime?: (timeMs: number) => void;
  /** after each batch of records, with what the desk said of them */
  readonly onSaid: (said: readonly DeskSaid[]) => void;
  /** Told once each time numbers are missing, or a fleet stage speaks that was replaced. */
  readonly onIgnored: (n: number, outOfTurn: 'replaced' | 'early') => void;
}

/** The desk, hosted by whoever has the one partition of `alerts`: what it says follows from the records of it alone. */
export class DeskStage implements Stage {
  readonly #options: DeskStageOptions;
  readonly desk: Desk;
  readonly #notices: Outbound;
  readonly #incidents = new IncidentPages();
  #epoch: string;
  #said = 0;
  #heard: Numbering = { last: null };
  #ignored: 'replaced' | 'early' | null = null;
  readonly beginsAt: 'newest' | undefined;

  /** @throws {WireError} on pages of a newer version */
  constructor(options: DeskStageOptions, pages: ReadonlyMap<string, Uint8Array> | null) {
    this.#options = options;
    this.#epoch = options.epoch;
    this.desk = new Desk(options.settings, options.beginsAt === 'newest');
    this.#notices = new Outbound(options.notices, 0);
    const page = pages?.get(PAGE);
    if (page === undefined) {
      this.beginsAt = options.beginsAt;
      return;
    }
    const state = decodeMessage(page, 'desk-state', MAX_STATE_BYTES) as State;
    this.#epoch = state.epoch;
    this.#said = state.said;
    this.#heard = state.heard;
    this.beginsAt = state.beginsAt;
    const incidents = incidentsIn(pages as ReadonlyMap<string, Uint8Array>);
    this.desk.restore({ ...state.desk, book: { ...state.desk.book, incidents } });
  }

  /** The epoch is safe before its first notice is told, or a worker that died at once would tell the same under another. */
  async begin(): Promise<Map<string, Uint8Array>> {
    return this.snapshot();
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    this.#heard = reaching(this.#heard, offset);
    const said: DeskSaid[] = [];
    for (const [i, bytes] of records.entries()) {
      const record = await this.#read(bytes, offset + i);
      if (record === null) this.#heard = missing(this.#heard);
      else said.push(...this.#hear(record));
    }
    this.#heard = { ...this.#heard, nextOffset: offset + records.length };
    const epoch = this.#epoch;
    if (said.length > 0) await this.#notices.publish(said.map((it) => encodeNotice({ epoch, n: ++this.#said, ...it })));
    this.#options.onSaid(said);
  }

  /** Null where it cannot be read: then it is set aside. */
  async #read(record: Uint8Array, offset: number): Promise<AlertRecord | null> {
    try {
      return decodeAlertRecord(record);
    } catch (error) {
      if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
      await this.#options.deadLetters.putRecord('alerts', 0, offset, record, error.message);
      return null;
    }
  }

  #hear(record: AlertRecord): readonly DeskSaid[] {
    if ('command' in record) return this.desk.command(record.command);
    const next = following(this.#heard, record);
    if (typeof next === 'string') {
      if (next !== 'repeated') this.#ignore(record.n, next);
      return [];
    }
    this.#ignored = null;
    this.#heard = next;
    if ('event' in record) return this.desk.hear(record.event);
    this.#options.onTime?.(record.timeMs);
    return this.desk.time(record.timeMs);
  }

  #ignore(n: number, outOfTurn: 'replaced' | 'early'): void {
    if (this.#ignored !== outOfTurn) this.#options.onIgnored(n, outOfTurn);
    this.#ignored = outOfTurn;
  }

  async settle(): Promise<void> {
    await this.#notices.settle();
    await this.#options.deadLetters.settle();
  }

  snapshot(): Map<string, Uint8Array> {
    const { beginsAt } = this;
    const desk = this.desk.state();
    const state: State = {
      epoch: this.#epoch,
      said: this.#said,
      heard: this.#heard,
      ...(beginsAt === undefined ? {} : { beginsAt }),
      desk: { ...desk, book: { ...desk.book, incidents: [] } },
    };
    const page = encodeMessage('desk-state', 0, state, MAX_STATE_BYTES);
    return new Map([[PAGE, page], ...this.#incidents.encode(desk.book.incidents)]);
  }
}
