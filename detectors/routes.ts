import type { Dictionary } from '../ingest/fragment.ts';

/** Where the functions of one dictionary are, by their number in it: shard, and slot or -1 = not known. */
export interface Route {
  readonly shards: Uint16Array;
  readonly slots: Int32Array;
}

/** Dictionaries whose routes can be corrected when a function is forgotten; those of earlier ones are made anew if they come again. */
const TRACKED = 16;

/** The routes of the dictionaries of late: a look-up by number instead of one by name. */
export class Routes {
  readonly #of = new WeakMap<Dictionary, Route>();
  /** the newest last */
  readonly #tracked: WeakRef<Dictionary>[] = [];

  /** The route of a dictionary, with room for all that is in it. Never keep one over a call of this. */
  of(dictionary: Dictionary): Route {
    const known = this.#of.get(dictionary);
    if (known !== undefined && known.slots.length >= dictionary.texts.length) return known;
    const room = Math.ceil(dictionary.texts.length * 1.5) + 64;
    const route = { shards: new Uint16Array(room), slots: new Int32Array(room).fill(-1) };
    if (known !== undefined) {
      route.shards.set(known.shards);
      route.slots.set(known.slots);
    } else this.#track(dictionary);
    this.#of.set(dictionary, route);
    return route;
  }

  #track(dictionary: Dictionary): void {
    this.#tracked.push(new WeakRef(dictionary));
    if (this.#tracked.length <= TRACKED) return;
    const oldest = this.#tracked.shift()!.deref();
    if (oldest !== undefined) this.#of.delete(oldest);
  }

  /** These functions are nowhere any more. */
  forget(keys: readonly string[]): void {
    for (const reference of this.#tracked) {
      const dictionary = reference.deref();
      const route = dictionary === undefined ? undefined : this.#of.get(dictionary);
      if (dictionary === undefined || route === undefined) continue;
      for (const key of keys) {
        const fn = dictionary.find(key);
        if (fn !== undefined && fn < route.slots.length) route.slots[fn] = -1;
      }
    }
  }
}
