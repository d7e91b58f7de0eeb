/**
 * The items as they come, until `halt` is called through: then also an item that is still being waited for is given up, as
 * a pipe may never give another.
 */
export class Interruptible<Item> {
  readonly #items: AsyncIterable<Item>;
  #isHalted = false;
  #wake: () => void = () => {};

  constructor(items: AsyncIterable<Item>) {
    this.#items = items;
  }

  /** May be called at any time, and again. */
  halt(): void {
    this.#isHalted = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    const iterator = this.#items[Symbol.asyncIterator]();
    let isWaiting = false;
    try {
      while (!this.#isHalted) {
        const next = iterator.next();
        isWaiting = true;
        // one promise for each item, so that a pipe that goes on for ever leaves nothing behind on a lasting one
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          next.then(
            () => resolve(),
            () => resolve(),
          );
        });
        if (this.#isHalted) return;
        const result = await next;
        isWaiting = false;
        if (result.done === true) return;
        yield result.value;
      }
    } finally {
      const returned = iterator.return?.();
      if (isWaiting)
        returned?.catch(() => {}); // it stands behind the read that may never end
      else await returned;
    }
  }
}
