import { join } from 'node:path';
import { type Files, readWhole, replaceFile } from './durable-file.ts';
import { crc32 } from './segment-log-format.ts';
import { StorageError } from './storage-error.ts';

const NAME = 'positions.json';
const VERSION = 1;

function parse(bytes: Uint8Array, path: string): Map<string, number> {
  let file: { v: number; positions: [string, number][]; crc32: number };
  try {
    file = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new StorageError('CORRUPT', `${path}: not the JSON that was written`, { cause });
  }
  if (file.v > VERSION) {
    throw new StorageError('NEWER_VERSION', `${path}: format ${file.v}, this program reads up to ${VERSION}`);
  }
  if (file.crc32 !== crc32(Buffer.from(JSON.stringify(file.positions)))) {
    throw new StorageError('CORRUPT', `${path}: wrong checksum`);
  }
  return new Map(file.positions);
}

/** How far each consumer of a log has come: the offset of the first record that it still needs. Only grows. */
export class Positions {
  readonly #files: Files;
  readonly #dir: string;
  /** what is on the disk, and what the next save writes */
  #saved: ReadonlyMap<string, number>;
  readonly #wanted: Map<string, number>;
  #saving: Promise<void> = Promise.resolve();
  /** a save that has not begun: everything asked for until then shares it */
  #queued: Promise<void> | null = null;

  private constructor(files: Files, dir: string, saved: Map<string, number>) {
    this.#files = files;
    this.#dir = dir;
    this.#saved = saved;
    this.#wanted = new Map(saved);
  }

  /** @throws {StorageError} CORRUPT, NEWER_VERSION */
  static async load(files: Files, dir: string): Promise<Positions> {
    const exists = (await files.list(dir)).includes(NAME);
    const path = join(dir, NAME);
    return new Positions(files, dir, exists ? parse(await readWhole(files, path), path) : new Map());
  }

  /** Null for a consumer that never committed. */
  get(consumer: string): number | null {
    return this.#saved.get(consumer) ?? null;
  }

  names(): readonly string[] {
    return [...this.#saved.keys()];
  }

  /** The offset below which nobody needs anything; null where there is no consumer. */
  lowest(): number | null {
    return this.#saved.size === 0 ? null : Math.min(...this.#saved.values());
  }

  highest(): number {
    return Math.max(0, ...this.#saved.values());
  }

  /** Resolves when the position is on the disk. One going back changes nothing. @throws {StorageError} DISK_FULL */
  async commit(consumer: string, offset: number): Promise<void> {
    if (offset <= (this.#saved.get(consumer) ?? -1)) return;
    this.#wanted.set(consumer, Math.max(offset, this.#wanted.get(consumer) ?? 0));
    await this.#save();
  }

  /** Forgets a consumer, so that retention no longer waits for it. */
  async forget(consumer: string): Promise<void> {
    if (this.#wanted.delete(consumer)) await this.#save();
  }

  /** Resolves when no save is under way. */
  async settled(): Promise<void> {
    await this.#saving.catch(() => {}); // whoever asked for it has been told
  }

  #save(): Promise<void> {
    if (this.#queued !== null) return this.#queued;
    const save = this.settled().then(async () => {
      this.#queued = null;
      const positions = new Map(this.#wanted);
      await this.#write(positions);
      this.#saved = positions;
    });
    this.#queued = save;
    this.#saving = save;
    return save;
  }

  async #write(wanted: ReadonlyMap<string, number>): Promise<void> {
    const positions = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify({ v: VERSION, positions, crc32: crc32(Buffer.from(JSON.stringify(positions))) });
    await replaceFile(this.#files, join(this.#dir, NAME), (file) => file.write(Buffer.from(text), 0));
  }
}
