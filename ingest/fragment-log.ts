import { type Dictionary, F, FragmentBlock, U } from './fragment.ts';

/** Fragments a page. */
export const PAGE = 4096;
export const FRAGMENT_BYTES = 8 * F.stride + 4 * U.stride;

/** Where pages go that memory has no room for. Pages are numbered from 0 in the order of `append`. */
export interface PageFile {
  /** Copies what it is given. @throws when the disk is full */
  append(page: FragmentBlock): void;
  /** Reads `count` rows of a page, from `row` on, to row `into` of `block`. */
  read(page: number, row: number, count: number, block: FragmentBlock, into: number): void;
  close(): void;
}

/**
 * All fragments of a replay in the order they were read, addressed by number: the first `memoryPages` pages in memory,
 * the rest in a file that is opened when first needed. Reading is by `copy`, which knows no difference.
 */
export class FragmentLog {
  readonly dictionary: Dictionary;
  readonly #memoryPages: number;
  readonly #openFile: () => PageFile;
  readonly #pages: FragmentBlock[] = [];
  #file: PageFile | null = null;
  #filePages = 0;
  #tail: FragmentBlock;

  constructor(dictionary: Dictionary, memoryPages: number, openFile: () => PageFile) {
    this.dictionary = dictionary;
    this.#memoryPages = memoryPages;
    this.#openFile = openFile;
    this.#tail = new FragmentBlock(dictionary, PAGE);
  }

  /** How many fragments it holds. */
  get length(): number {
    return (this.#pages.length + this.#filePages) * PAGE + this.#tail.n;
  }

  /** True when some of it is in the file. */
  get spilled(): boolean {
    return this.#filePages > 0;
  }

  /** Takes a block, which the caller must not touch again: a full one is kept as it is, a part of one is copied. */
  append(block: FragmentBlock): void {
    if (block.n === PAGE && block.capacity === PAGE && this.#tail.n === 0) {
      this.#keep(block);
      return;
    }
    for (let from = 0; from < block.n; ) {
      const count = Math.min(block.n - from, PAGE - this.#tail.n);
      copyRows(block, from, count, this.#tail, this.#tail.n);
      this.#tail.n += count;
      from += count;
      if (this.#tail.n === PAGE) {
        const full = this.#tail;
        this.#tail = new FragmentBlock(this.dictionary, PAGE);
        this.#keep(full);
      }
    }
  }

  #keep(page: FragmentBlock): void {
    if (this.#pages.length < this.#memoryPages) {
      this.#pages.push(page);
      return;
    }
    this.#file ??= this.#openFile();
    this.#file.append(page);
    this.#filePages++;
  }

  /** True when fragment `index` stands in memory: then `block` gives its page without a copy. */
  inMemory(index: number): boolean {
    const page = Math.floor(index / PAGE);
    return page < this.#pages.length || page === this.#pages.length + this.#filePages;
  }

  /** The page in memory that holds fragment `index`, at row `index % PAGE`. Read only. */
  page(index: number): FragmentBlock {
    return this.#pages[Math.floor(index / PAGE)] ?? this.#tail;
  }

  /** Copies `count` fragments from number `index` on to row `into` of `block`. */
  copy(index: number, count: number, block: FragmentBlock, into = 0): void {
    while (count > 0) {
      const row = index % PAGE;
      const step = Math.min(count, PAGE - row);
      if (this.inMemory(index)) copyRows(this.page(index), row, step, block, into);
      else this.#file!.read(Math.floor(index / PAGE) - this.#pages.length, row, step, block, into);
      index += step;
      into += step;
      count -= step;
    }
  }

  /** Gives the file back. The fragments are gone then. */
  close(): void {
    this.#file?.close();
  }
}

const FEW = 32; // below it a loop is faster than making two views

/** Copies `count` fragments as they are; `n` of the target stays the caller's business. */
export function copyRows(from: FragmentBlock, row: number, count: number, to: FragmentBlock, into: number): void {
  const f = row * F.stride;
  const u = row * U.stride;
  const toF = into * F.stride;
  const toU = into * U.stride;
  if (count > FEW) {
    to.f.set(from.f.subarray(f, f + count * F.stride), toF);
    to.u.set(from.u.subarray(u, u + count * U.stride), toU);
    return;
  }
  for (let i = 0; i < count * F.stride; i++) to.f[toF + i] = from.f[f + i]!;
  for (let i = 0; i < count * U.stride; i++) to.u[toU + i] = from.u[u + i]!;
}
