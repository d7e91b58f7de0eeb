/** Longest single value unless told otherwise. */
export const VALUE_BYTES = 64 * 1024 * 1024;
/** Arrays inside arrays that are read element by element. */
export const CONTAINERS = 16;
/** Fields of one query row. */
export const PAIRS = 1000;
/** A message before a line feed this far from the end of the bytes need not look for its own. */
export const SAFE_BYTES = 256;
/** So much of an unfinished message is waited for before the end of its value is looked for instead of its line's. */
export const PATIENCE_BYTES = 64 * 1024;
/** Text of a reject before it is redacted and cut. */
export const EXCERPT_BYTES = 2000;
