import { closeSync, constants, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { F, type FragmentBlock, U } from '../ingest/fragment.ts';
import { FRAGMENT_BYTES, PAGE, type PageFile } from '../ingest/fragment-log.ts';

const F_BYTES = 8 * F.stride;
const U_BYTES = 4 * U.stride;
let opened = 0;

/**
 * A temporary file in `dir` that nobody else can open (0600) and that has no name any more once it is open: however the
 * process ends, its space is given back. Where an open file cannot lose its name (Windows) `close` removes it.
 * @throws a system error, such as ENOSPC or EACCES
 */
export class TemporaryFile {
  readonly #fd: number;
  readonly #path: string;
  #isNamed = false;
  #length = 0;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#path = join(dir, `spool-${process.pid}-${opened++}.tmp`);
    this.#fd = openSync(
      this.#path,
      constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      unlinkSync(this.#path);
    } catch {
      this.#isNamed = true;
    }
  }

  /** Writes all of `bytes` at the end and returns where they begin. */
  append(bytes: Uint8Array): number {
    const at = this.#length;
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    }
    this.#length += bytes.length;
    return at;
  }

  /** Fills `bytes` from `at` on. @throws {RangeError} when the file ends before */
  read(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const step = readSync(this.#fd, bytes, done, bytes.length - done, at + done);
      if (step === 0) throw new RangeError('read past the end of a temporary file');
      done += step;
    }
  }

  get length(): number {
    return this.#length;
  }

  close(): void {
    closeSync(this.#fd);
    if (this.#isNamed) unlinkSync(this.#path);
  }
}

/** Pages of fragments in a temporary file: the doubles of a page, then its words, as they stand in memory. */
export function openPageFile(dir: string): PageFile {
  const file = new TemporaryFile(dir);
  return {
    append(page) {
      file.append(new Uint8Array(page.f.buffer, page.f.byteOffset, PAGE * F_BYTES));
      file.append(new Uint8Array(page.u.buffer, page.u.byteOffset, PAGE * U_BYTES));
    },
    read(page, row, count, block: FragmentBlock, into) {
      const at = page * PAGE * FRAGMENT_BYTES;
      file.read(
        new Uint8Array(block.f.buffer, block.f.byteOffset + into * F_BYTES, count * F_BYTES),
        at + row * F_BYTES,
      );
      const words = at + PAGE * F_BYTES + row * U_BYTES;
      file.read(new Uint8Array(block.u.buffer, block.u.byteOffset + into * U_BYTES, count * U_BYTES), words);
    },
    close: () => file.close(),
  };
}
