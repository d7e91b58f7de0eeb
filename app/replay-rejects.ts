import type { TemporaryFile } from '../infra/spool.ts';
import type { Reject } from '../ingest/reject.ts';

/** The reason the parser gives for lines that tell no group, and what to do about it. */
export const NO_LOG_GROUP = 'no log group';
export const NAME_THE_GROUP = 'lines that do not tell their log group need it said: --log-group /aws/lambda/NAME';

/** Rejects held in memory before the rest goes to a file; some 20 MB at worst. */
const HELD = 20_000;
/** Places shown for each reason. */
const SHOWN = 3;

/** Every reject of a replay: counted by reason, the first of each to show, and all of them to store. */
export class RejectLog {
  readonly byReason = new Map<string, number>();
  readonly examples: Reject[] = [];
  readonly #held: Reject[] = [];
  readonly #openFile: () => TemporaryFile;
  #file: TemporaryFile | null = null;
  #batches: { at: number; bytes: number }[] = [];

  constructor(openFile: () => TemporaryFile) {
    this.#openFile = openFile;
  }

  add(reject: Reject): void {
    const count = (this.byReason.get(reject.reason) ?? 0) + 1;
    this.byReason.set(reject.reason, count);
    if (count <= SHOWN) this.examples.push(reject);
    this.#held.push(reject);
    if (this.#held.length >= HELD) this.#spill();
  }

  get count(): number {
    let count = 0;
    for (const n of this.byReason.values()) count += n;
    return count;
  }

  /** All of them in the order they came, in batches; those of one place are never torn apart. */
  *batches(): Generator<readonly Reject[]> {
    for (const { at, bytes } of this.#batches) {
      const text = Buffer.alloc(bytes);
      this.#file?.read(text, at);
      yield JSON.parse(text.toString()) as Reject[];
    }
    if (this.#held.length > 0) yield this.#held;
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  /** Keeps back the rejects of the place that may not be finished. */
  #spill(): void {
    const last = this.#held.at(-1)!;
    let cut = this.#held.length;
    while (cut > 0 && this.#held[cut - 1]!.offset === last.offset && this.#held[cut - 1]!.origin === last.origin) cut--;
    if (cut === 0) return;
    const text = Buffer.from(JSON.stringify(this.#held.splice(0, cut)));
    this.#file ??= this.#openFile();
    this.#batches.push({ at: this.#file.append(text), bytes: text.length });
  }
}
