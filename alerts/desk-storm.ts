import { count, type Digest, digestNotice, frozenDigest, isNews, isOver, newDigest } from './desk-digest.ts';
import type { DeskSaid } from './desk-said.ts';
import type { AlertEvent } from './event.ts';

const MINUTE_MS = 60_000;
/** What is said at one moment is told together: the first digest waits for the time message behind it, or for so long. */
const FIRST_MS = 2000;

export interface StormState {
  /** of the last openings, ms: as many as make a storm */
  readonly openings: readonly number[];
  readonly sinceMs: number | null;
  readonly flushMs: number | null;
  readonly digests: readonly Digest[];
}

/**
 * Notices when too much opens at once, and counts it then instead of telling it, a digest a destination: told at once when
 * the storm begins, then each minute in which it has news.
 */
export class Storm {
  #openings: number[] = [];
  #sinceMs: number | null = null;
  /** when the digests are told next, ms; null = there is nothing to tell */
  #flushMs: number | null = null;
  readonly #digests = new Map<string, Digest>();

  get dueMs(): number {
    return this.#flushMs ?? Number.POSITIVE_INFINITY;
  }

  get isOn(): boolean {
    return this.#sinceMs !== null;
  }

  /** Something is about to be told loudly. Returns whether it is too much now. */
  takes(atMs: number, most: number): boolean {
    this.#openings.push(atMs);
    if (this.#openings.length > most + 1) this.#openings.splice(0, this.#openings.length - most - 1);
    if (this.#sinceMs !== null) return true;
    if (!this.#isTooMuch(atMs, most)) return false;
    this.#sinceMs = atMs;
    this.#flushMs = atMs + FIRST_MS;
    return true;
  }

  #isTooMuch(atMs: number, most: number): boolean {
    return this.#openings.length > most && this.#openings[0]! > atMs - MINUTE_MS;
  }

  /** Counts it for each of these destinations. Returns the digests, by id. */
  add(event: AlertEvent, to: readonly string[], atMs: number, isFollowed: boolean): string[] {
    return to.map((name) => {
      let digest = [...this.#digests.values()].find((it) => it.to === name && !it.isClosed);
      if (digest === undefined) {
        digest = newDigest(name, this.#sinceMs ?? atMs);
        this.#digests.set(digest.id, digest);
      }
      count(digest, event, atMs, isFollowed);
      this.#wake(atMs);
      return digest.id;
    });
  }

  /** An incident that was counted is over, or is told alone from now on. */
  end(ids: readonly string[], atMs: number): void {
    for (const id of ids) {
      const digest = this.#digests.get(id);
      if (digest === undefined) continue;
      digest.open--;
      digest.over++;
      this.#wake(atMs);
    }
  }

  /** The end of something that was only counted: of which digest is not known, so the oldest that may have it takes it. */
  endUncounted(to: readonly string[], atMs: number): void {
    for (const name of to) {
      const digest = [...this.#digests.values()].find((it) => it.to === name && it.uncountedOver < it.uncounted);
      if (digest === undefined) continue;
      digest.uncountedOver++;
      this.#wake(atMs);
    }
  }

  #wake(atMs: number): void {
    this.#flushMs ??= nextMinute(atMs);
  }

  /** Nothing more comes from before `atMs`: what is known of a storm that begins is told. */
  settle(atMs: number, most: number): DeskSaid[] {
    const isFirst = this.#sinceMs !== null && this.#flushMs === this.#sinceMs + FIRST_MS;
    return isFirst && atMs >= this.#sinceMs! ? this.flush(atMs, most) : [];
  }

  flush(atMs: number, most: number): DeskSaid[] {
    if (this.#sinceMs !== null && !this.#isTooMuch(atMs, most)) {
      this.#sinceMs = null;
      for (const digest of this.#digests.values()) digest.isClosed = true;
    }
    const said: DeskSaid[] = [];
    for (const digest of this.#digests.values()) {
      if (isNews(digest) || isOver(digest)) said.push({ notice: digestNotice(digest, atMs), to: [digest.to] });
      if (isOver(digest)) this.#digests.delete(digest.id);
    }
    this.#flushMs = this.#sinceMs === null ? null : nextMinute(atMs);
    return said;
  }

  state(): StormState {
    return {
      openings: [...this.#openings],
      sinceMs: this.#sinceMs,
      flushMs: this.#flushMs,
      digests: [...this.#digests.values()].map(frozenDigest),
    };
  }

  restore({ openings, sinceMs, flushMs, digests }: StormState): void {
    this.#openings = [...openings];
    this.#sinceMs = sinceMs;
    this.#flushMs = flushMs;
    for (const it of digests) this.#digests.set(it.id, frozenDigest(it));
  }
}

/** A minute of the clock has one digest at most. */
const nextMinute = (atMs: number): number => (Math.floor(atMs / MINUTE_MS) + 1) * MINUTE_MS;
