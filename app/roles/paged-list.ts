import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';

interface Entry<Item> {
  readonly sequence: number;
  readonly item: Item;
  /** made when first asked for: an item never changes */
  page?: Uint8Array;
}

/**
 * The newest items of plain data, at most `limit`, each a page of a stage's state: what did not change is not written
 * again. A page is encoded once.
 */
export class PagedList<Item> {
  readonly #name: string;
  readonly #limit: number;
  #entries: Entry<Item>[] = [];
  #next = 1;
  /** items that were pushed out by newer ones, since this process began */
  dropped = 0;

  /** @param name of its pages, `<name>/<sequence>`; @throws {WireError} on pages of a newer version */
  constructor(name: string, limit: number, pages: ReadonlyMap<string, Uint8Array> | null) {
    this.#name = name;
    this.#limit = limit;
    for (const [key, page] of pages ?? []) {
      if (!key.startsWith(`${name}/`)) continue;
      const sequence = Number(key.slice(name.length + 1));
      this.#entries.push({ sequence, item: decodeMessage(page, name) as Item, page });
    }
    this.#entries.sort((a, b) => a.sequence - b.sequence);
    this.#next = (this.#entries.at(-1)?.sequence ?? 0) + 1;
  }

  /** oldest first */
  get items(): readonly Item[] {
    return this.#entries.map(({ item }) => item);
  }

  get length(): number {
    return this.#entries.length;
  }

  push(item: Item): void {
    this.#entries.push({ sequence: this.#next++, item });
    if (this.#entries.length <= this.#limit) return;
    this.#entries.shift();
    this.dropped++;
  }

  remove(isGone: (item: Item) => boolean): void {
    this.#entries = this.#entries.filter(({ item }) => !isGone(item));
  }

  addPages(pages: Map<string, Uint8Array>): void {
    for (const entry of this.#entries) {
      entry.page ??= encodeMessage(this.#name, 0, entry.item);
      pages.set(`${this.#name}/${entry.sequence}`, entry.page);
    }
  }
}
