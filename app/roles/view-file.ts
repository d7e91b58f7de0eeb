import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DISK, temporaryOf, writeTemporary } from '../../infra/durable-file.ts';

/** How often a view is written at most. */
const EVERY_MS = 1000;

/**
 * A JSON file that other commands read, replaced whole when what it shows has changed: at most once a second. That it
 * cannot be written is told once, and holds nothing up.
 */
export class ViewFile {
  readonly #path: string;
  readonly #read: () => string;
  readonly #onTrouble: (message: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;

  /** @param read what to show, as JSON, asked for when it is written */
  constructor(path: string, read: () => string, onTrouble: (message: string) => void) {
    this.#path = path;
    this.#read = read;
    this.#onTrouble = onTrouble;
  }

  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#write();
    }, EVERY_MS);
  }

  #write(): void {
    this.#writing = this.#writing.then(async () => {
      try {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
        const bytes = Buffer.from(`${this.#read()}\n`);
        const temporary = temporaryOf(this.#path);
        const rename = () => DISK.rename(temporary, this.#path);
        await writeTemporary(DISK, temporary, (file) => file.write(bytes, 0), rename);
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#onTrouble((error as Error).message);
        this.#isFailing = true;
      }
    });
  }

  /** Writes what has changed, and no more after that. */
  async close(): Promise<void> {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#write();
    }
    await this.#writing;
  }
}
