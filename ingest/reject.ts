/** A piece of input that could not be used: counted by reason, kept with its place, its text redacted and cut. */
export interface Reject {
  /** e.g. `truncated JSON`, `REPORT without Duration`: lower case, no values, so that it can be counted */
  readonly reason: string;
  /** where it came from: a file's name, `-` for standard input */
  readonly origin: string;
  /** place in the decompressed origin: byte offset of the line or value */
  readonly offset: number;
  /** 1-based line number where known, else null */
  readonly line: number | null;
  /** redacted, control characters escaped, at most 500 characters */
  readonly excerpt: string;
}
