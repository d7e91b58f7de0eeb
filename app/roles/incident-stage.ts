import { type IncidentRow, incidentRowOf } from '../../alerts/incident-row.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import { decodeNotice, type NumberedEntry, type NumberedNotice } from './notices.ts';
import { following, missing, type Numbering, reaching } from './numbering.ts';
import type { Stage } from './stage.ts';

const PAGE = 'incidents';

/** What the desk says, notices and what is only kept, to the store: who did what to which incident, and why. */
export class IncidentStage implements Stage {
  readonly #rows: Pick<RowSink, 'writeIncidents' | 'flush'>;
  #place: Numbering;

  /** @throws {WireError} on pages of a newer version */
  constructor(rows: Pick<RowSink, 'writeIncidents' | 'flush'>, pages: ReadonlyMap<string, Uint8Array> | null) {
    this.#rows = rows;
    const page = pages?.get(PAGE);
    this.#place = page === undefined ? { last: null } : (decodeMessage(page, 'incident-state') as Numbering);
  }

  async absorb(records: readonly Uint8Array[], offset: number): Promise<void> {
    let place = reaching(this.#place, offset);
    const rows: IncidentRow[] = [];
    for (const record of records) {
      const said = read(record);
      const next = said === null ? missing(place) : following(place, said);
      if (typeof next === 'string') continue; // it was stored, or comes again in its turn
      place = next;
      const row = said === null ? null : incidentRowOf(said);
      if (row !== null) rows.push(row);
    }
    if (rows.length > 0) await this.#rows.writeIncidents(rows);
    this.#place = { ...place, nextOffset: offset + records.length };
  }

  async settle(): Promise<void> {
    await this.#rows.flush();
  }

  snapshot(): Map<string, Uint8Array> {
    return new Map([[PAGE, encodeMessage('incident-state', 0, this.#place)]]);
  }
}

/** Null where it cannot be read: destinations, which read the same, set it aside. */
function read(record: Uint8Array): NumberedNotice | NumberedEntry | null {
  try {
    return decodeNotice(record);
  } catch (error) {
    if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
    return null;
  }
}
