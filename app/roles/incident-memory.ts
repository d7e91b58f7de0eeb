import type { Notice } from '../../alerts/notice.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';

const KIND = 'delivery-memory';
const PAGES = 64;
const DAY_MS = 24 * 3600 * 1000;
/** A closed incident may be reopened: so long, event time, its message can still be found. */
const KEEP_CLOSED_MS = 7 * DAY_MS;
const SWEEP_MS = DAY_MS / 24;

interface Remembered {
  readonly memory: unknown;
  /** of the newest notice, event time, ms */
  readonly atMs: number;
  readonly isClosed: boolean;
}

/**
 * What a sink asked to be remembered of each incident, by incident. Closed ones go after seven days of event time; beyond
 * `limit` the least recently told ones go, and are counted.
 */
export class IncidentMemory {
  readonly #limit: number;
  /** the one told of last is the last */
  readonly #incidents = new Map<string, Remembered>();
  readonly #pages = new Map<number, Uint8Array>();
  readonly #changed = new Set<number>();
  #newestMs = Number.NEGATIVE_INFINITY;
  #sweptMs = Number.NEGATIVE_INFINITY;
  forgotten = 0;

  /** @throws {WireError} on pages of a newer version */
  constructor(limit: number, pages: ReadonlyMap<string, Uint8Array> | null) {
    this.#limit = limit;
    const found: [string, Remembered][] = [];
    for (let page = 0; page < PAGES; page++) {
      const bytes = pages?.get(nameOf(page));
      if (bytes === undefined) continue;
      this.#pages.set(page, bytes);
      found.push(...(decodeMessage(bytes, KIND) as [string, Remembered][]));
    }
    for (const [id, remembered] of found.sort(([, a], [, b]) => a.atMs - b.atMs)) this.#incidents.set(id, remembered);
    for (const { atMs } of this.#incidents.values()) this.#newestMs = Math.max(this.#newestMs, atMs);
  }

  get size(): number {
    return this.#incidents.size;
  }

  /** null = nothing */
  of(incidentId: string): unknown {
    return this.#incidents.get(incidentId)?.memory ?? null;
  }

  /** @param memory undefined = as it was */
  delivered({ incident_id: id, status, at }: Notice, memory: unknown): void {
    const known = this.#incidents.get(id);
    const kept = memory === undefined ? known?.memory : memory;
    if (kept === undefined || kept === null) return;
    const atMs = Date.parse(at);
    this.#incidents.delete(id);
    this.#incidents.set(id, { memory: kept, atMs, isClosed: status === 'resolved' || status === 'expired' });
    this.#changed.add(pageOf(id));
    this.#newestMs = Math.max(this.#newestMs, atMs);
    this.#sweep();
    for (const oldest of this.#incidents.keys()) {
      if (this.#incidents.size <= this.#limit) break;
      this.#forget(oldest);
      this.forgotten++;
    }
  }

  #sweep(): void {
    if (this.#newestMs < this.#sweptMs + SWEEP_MS) return;
    this.#sweptMs = this.#newestMs;
    for (const [id, { isClosed, atMs }] of this.#incidents)
      if (isClosed && atMs < this.#newestMs - KEEP_CLOSED_MS) this.#forget(id);
  }

  #forget(id: string): void {
    this.#incidents.delete(id);
    this.#changed.add(pageOf(id));
  }

  addPages(pages: Map<string, Uint8Array>): void {
    if (this.#changed.size > 0) this.#encode();
    for (const [page, bytes] of this.#pages) pages.set(nameOf(page), bytes);
  }

  #encode(): void {
    const lists = new Map<number, [string, Remembered][]>([...this.#changed].map((page) => [page, []]));
    for (const entry of this.#incidents) lists.get(pageOf(entry[0]))?.push(entry);
    for (const [page, list] of lists) {
      if (list.length === 0) this.#pages.delete(page);
      else this.#pages.set(page, encodeMessage(KIND, 0, list));
    }
    this.#changed.clear();
  }
}

const nameOf = (page: number): string => `memory/${page}`;

function pageOf(id: string): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) >>> 0;
  return hash % PAGES;
}
