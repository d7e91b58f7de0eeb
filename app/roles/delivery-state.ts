import type { DeliveryRow, KeptDelivery } from '../../alerts/delivery-row.ts';
import type { Notice } from '../../alerts/notice.ts';
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
/** Incidents that a receiver is told of again and again. */
const OPEN_INCIDENTS = 2_000;

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
  /** newest delivered notice of each open incident, where the receiver forgets what it is not told again */
  readonly open: PagedList<Notice>;

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
    this.open = new PagedList('delivery-open', OPEN_INCIDENTS, pages);
  }

  /** Whether a later notice of the incident was delivered, as far as that is remembered. */
  hasNewer({ incident_id, version }: Notice): boolean {
    return this.recent.items.some(({ notice: it }) => it.incident_id === incident_id && it.version > version);
  }

  /** The newest that a receiver with a short memory was told of its incident. */
  isNow(notice: Notice): void {
    this.open.remove(({ incident_id: id }) => id === notice.incident_id);
    if (notice.status === 'open' || notice.status === 'acknowledged') this.open.push(notice);
  }

  /** Notices that can be sent again: given up, or delivered of late. */
  get kept(): KeptDelivery[] {
    return [...this.recent.items, ...this.dead.items];
  }

  pages(): Map<string, Uint8Array> {
    const pages = new Map([[PAGE, encodeMessage('delivery-state', 0, this.place)]]);
    this.memory.addPages(pages);
    for (const list of [this.recent, this.dead, this.unlogged, this.open]) list.addPages(pages);
    return pages;
  }
}
