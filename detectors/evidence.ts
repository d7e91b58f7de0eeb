import type { FragmentBlock } from '../ingest/fragment.ts';
import { U } from '../ingest/fragment.ts';
import { requestIdText } from '../ingest/request-id.ts';

const KEPT = 5;
/** Functions a shard remembers evidence of, the least recently touched goes first: an alert wants what came just before it. */
const FUNCTIONS = 64;

interface Named {
  readonly id: string;
  readonly timeMs: number;
}

interface FunctionEvidence {
  failed: Named[];
  slow: Named[];
  sending: Named[];
}

/** Request ids by what they stood out by, newest first. */
export interface NamedRequests {
  readonly failed: readonly string[];
  readonly slow: readonly string[];
  readonly sending: readonly string[];
}

/** The last few request ids worth looking at, by function: only calls that stood out are ever added. */
export class Evidence {
  readonly #of = new Map<number, FunctionEvidence>();

  add(slot: number, list: keyof FunctionEvidence, id: string, timeMs: number): void {
    if (id === '') return;
    let evidence = this.#of.get(slot);
    if (evidence === undefined) evidence = { failed: [], slow: [], sending: [] };
    else this.#of.delete(slot);
    this.#of.set(slot, evidence);
    const ids = evidence[list];
    if (ids.some((named) => named.id === id)) return;
    ids.unshift({ id, timeMs });
    if (ids.length > KEPT) ids.length = KEPT;
    if (this.#of.size > FUNCTIONS) this.#of.delete(this.#of.keys().next().value!);
  }

  /** Those of `sinceMs` or later: what stood out before an incident is no evidence of it. */
  since(slot: number, sinceMs: number): NamedRequests {
    const of = this.#of.get(slot);
    const ids = (list: readonly Named[] = []) => list.filter(({ timeMs }) => timeMs >= sinceMs).map(({ id }) => id);
    return { failed: ids(of?.failed), slow: ids(of?.slow), sending: ids(of?.sending) };
  }

  forget(slot: number): void {
    this.#of.delete(slot);
  }

  entries(): [number, FunctionEvidence][] {
    return [...this.#of];
  }

  restore(entries: readonly [number, FunctionEvidence][]): void {
    for (const [slot, evidence] of entries) this.#of.set(slot, evidence);
  }
}

/** The request id of a fragment as its log wrote it; empty if it named none. */
export function requestIdOf({ u, dictionary }: FragmentBlock, i: number): string {
  const at = i * U.stride;
  const text = dictionary.text(u[at + U.idText]!);
  return requestIdText(text, u[at + U.id0]!, u[at + U.id1]!, u[at + U.id2]!, u[at + U.id3]!);
}
