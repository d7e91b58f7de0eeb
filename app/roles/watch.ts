import type { RecentRow } from '../../detectors/recent.ts';
import type { FragmentBlock } from '../../ingest/fragment.ts';

type Look = () => readonly RecentRow[];
type Listener = (block: FragmentBlock) => void;

/**
 * What `tripline tap` and `tripline top` see of a running process: the roles tell it what they have, and while nobody
 * looks that costs them one comparison a block.
 */
export class Watch {
  readonly #listeners = new Set<Listener>();
  readonly #tables = new Set<Look>();

  get isTapped(): boolean {
    return this.#listeners.size > 0;
  }

  /** Fragments of a block that was just judged. Listeners copy what they keep: the block is used again. */
  offer(block: FragmentBlock): void {
    for (const listen of this.#listeners) listen(block);
  }

  /** Until the returned function is called. */
  tap(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A partition that is hosted here, until the returned function is called. */
  host(look: Look): () => void {
    this.#tables.add(look);
    return () => this.#tables.delete(look);
  }

  functions(): RecentRow[] {
    return [...this.#tables].flatMap((look) => look());
  }
}

/** The partitions of one role as `watch` shows them: none any more once `signal` asks for the end. */
export class ShownPartitions {
  readonly #watch: Watch | undefined;
  readonly #signal: AbortSignal;
  readonly #hidden = new Map<number, () => void>();

  constructor(watch: Watch | undefined, signal: AbortSignal) {
    this.#watch = watch;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      for (const partition of [...this.#hidden.keys()]) this.lost(partition);
    });
  }

  opened(partition: number, look: Look): void {
    this.lost(partition);
    if (this.#watch !== undefined && !this.#signal.aborted) this.#hidden.set(partition, this.#watch.host(look));
  }

  lost(partition: number): void {
    this.#hidden.get(partition)?.();
    this.#hidden.delete(partition);
  }
}
