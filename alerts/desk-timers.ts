interface Timed {
  readonly seq: number;
  /** ms */
  readonly dueMs: number;
}

interface Entry<T> {
  readonly dueMs: number;
  readonly item: T;
}

/**
 * What is due first, of many: a binary heap. An item is put in again when its time changes; entries of before are passed
 * over when they come up. O(log n) a change. Ties go by `seq`.
 */
export class Timers<T extends Timed> {
  readonly #heap: Entry<T>[] = [];

  add(item: T): void {
    if (item.dueMs === Number.POSITIVE_INFINITY) return;
    const heap = this.#heap;
    const entry = { dueMs: item.dueMs, item };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The item that is due first, at `untilMs` or before; it stays until its time changes. Null = none. */
  first(isLive: (item: T) => boolean): T | null {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.dueMs === top.item.dueMs && isLive(top.item)) return top.item;
      this.#pop();
    }
    return null;
  }

  get size(): number {
    return this.#heap.length;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = <T extends Timed>(a: Entry<T>, b: Entry<T>): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.item.seq < b.item.seq);
