import type { DeliveryRow, KeptDelivery } from '../../alerts/delivery-row.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import type { Begun } from './attempts.ts';
import { IncidentMemory } from './incident-memory.ts';
import type { Numbering } from './numbering.ts';
import { PagedList } from './paged-list.ts';

const PAGE = 'delivery';

export const RECENT_DELIVERIES = 200;
export const DEAD_LETTERS = 1_000;
/** Rows of the delivery log that wait for a store that is away. */
const LOG_ROWS = 5_000;
const INCIDENTS = 10_000;

/** Where a destination is in the topic of notices. */
export interface DeliveryPlace extends Numbering {
  /** what the outlet asked to be remembered of all that it has */
  readonly mark: unknown;
  /** of a delivery that was broken off */
  readonly begun: Begun | null;
}

/** All that is remembered of one destination between processes, in bounded memory. */
export class DeliveryState {
  place: DeliveryPlace;
  readonly memory: IncidentMemory;
  /** the newest that were delivered */
  readonly recent: PagedList<KeptDelivery>;
  readonly dead: PagedList<KeptDelivery>;
  /** not stored yet */
  readonly unlogged: PagedList<DeliveryRow>;

  /** @throws {WireError} on pages of a newer version */
  constructor(pages: ReadonlyMap<string, Uint8Array> | null) {
    const page = pages?.get(PAGE);
    this.place =
      page === undefined
        ? { last: null, mark: null, begun: null }
        : (decodeMessage(page, 'delivery-state') as DeliveryPlace);
    this.memory = new IncidentMemory(INCIDENTS, pages);
    this.recent = new PagedList('delivery-recent', RECENT_DELIVERIES, pages);
    this.dead = new PagedList('delivery-dead', DEAD_LETTERS, pages);
    this.unlogged = new PagedList('delivery-log', LOG_ROWS, pages);
  }

  /** Notices that are known of an incident: given up or delivered of late, newest last. */
  known(incidentId: string): KeptDelivery[] {
    return [...this.recent.items, ...this.dead.items]
      .filter(({ notice }) => notice.incident_id === incidentId)
      .sort((a, b) => a.notice.version - b.notice.version || a.row.endedMs - b.row.endedMs);
  }

  pages(): Map<string, Uint8Array> {
    const pages = new Map([[PAGE, encodeMessage('delivery-state', 0, this.place)]]);
    this.memory.addPages(pages);
    for (const list of [this.recent, this.dead, this.unlogged]) list.addPages(pages);
    return pages;
  }
}
