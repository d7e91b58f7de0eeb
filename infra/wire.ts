import { Dictionary, type FragmentBlock } from '../ingest/fragment.ts';
import { WireError } from './wire-bytes.ts';
import { BlockReader } from './wire-decoder.ts';
import { FragmentEncoder } from './wire-encoder.ts';
import { MAGIC, MAJOR } from './wire-layout.ts';
import { readMajor1 } from './wire-major-1.ts';

/**
 * Blocks of fragments as bytes that need nothing else to be read; docs/wire.md has the format and what it costs.
 * A later minor version may add columns, which are skipped. Anything else that changes is a new major version, and the
 * readers of the old ones stay.
 */
export const createFragmentEncoder = (): FragmentEncoder => new FragmentEncoder();

export interface FragmentDecoder {
  /**
   * The fragments in `bytes`, in their order. They go into `reuse` from row 0 on if it has room for them, else into a
   * new block of exact capacity; what comes back is the one that was used.
   * @throws {WireError} on anything that an encoder of this or an earlier version did not write; `reuse` is empty then
   * @throws {RangeError} on a block of another dictionary
   */
  decode(bytes: Uint8Array, reuse?: FragmentBlock): FragmentBlock;
}

/** Puts texts into `dictionary`, and remembers them by their bytes: keep one decoder for each dictionary. */
export function createFragmentDecoder(dictionary: Dictionary): FragmentDecoder {
  const reader = new BlockReader(dictionary);
  return {
    decode(bytes, reuse) {
      if (reuse !== undefined) {
        if (reuse.dictionary !== dictionary) throw new RangeError('the block is of another dictionary');
        reuse.n = 0;
      }
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return majorOf(buffer) === 1 ? readMajor1(buffer, dictionary) : reader.read(buffer, reuse);
    },
  };
}

function majorOf(bytes: Buffer): number {
  if (bytes.length < 4 || bytes[0] !== MAGIC[0] || bytes[1] !== MAGIC[1]) {
    throw new WireError('NOT_A_BLOCK', 'the bytes do not begin as a block of fragments does');
  }
  const major = bytes[2]!;
  if (major > MAJOR) throw new WireError('NEWER_VERSION', `block format ${major}, this program reads up to ${MAJOR}`);
  if (major < 1) throw new WireError('NOT_A_BLOCK', 'there is no block format 0');
  return major;
}

let encoder: FragmentEncoder | undefined;
const decoders = new WeakMap<Dictionary, FragmentDecoder>();

/** Fragments `rows` of a block, all of them by default, as bytes. @throws {RangeError} over `MAX_FRAGMENTS` */
export function encodeFragments(block: FragmentBlock, rows?: Uint32Array): Uint8Array {
  encoder ??= createFragmentEncoder();
  return encoder.encode(block, rows);
}

/** The fragments in `bytes`, their texts in `dictionary`. @throws {WireError} as `FragmentDecoder.decode` */
export function decodeFragments(bytes: Uint8Array, dictionary: Dictionary = new Dictionary()): FragmentBlock {
  let decoder = decoders.get(dictionary);
  if (decoder === undefined) {
    decoder = createFragmentDecoder(dictionary);
    decoders.set(dictionary, decoder);
  }
  return decoder.decode(bytes);
}
