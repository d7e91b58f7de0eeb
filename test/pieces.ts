import { F, type FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import { createStream } from './stream.ts';

/** One log event told of an invocation, as a test writes it down. */
export interface Piece {
  readonly kind: keyof typeof FragmentKind;
  readonly timeMs: number;
  readonly flags?: number;
  /** request id, 0 = none */
  readonly id?: number;
  readonly fn?: string;
  readonly text?: string;
  readonly version?: string;
  /** the doubles `a` and `b` of the fragment */
  readonly a?: number;
  readonly b?: number;
  readonly durationUs?: number;
  readonly sizeKib?: number;
  /** invocations that it stands for */
  readonly weight?: number;
}

/** Pieces in the order of their arrival as blocks; a tick is a piece too. */
export function blocksOfPieces(pieces: readonly Piece[]): FragmentBlock[] {
  const stream = createStream();
  for (const piece of pieces) {
    if (piece.kind === 'tick') stream.tick(piece.timeMs);
    else
      stream.add(
        FragmentKind[piece.kind] | (piece.flags ?? 0),
        piece.fn ?? 'checkout',
        piece.timeMs,
        piece.id ?? 0,
        (block, f, u) => fill(piece, block, f, u),
      );
  }
  return stream.blocks();
}

function fill(piece: Piece, block: FragmentBlock, f: number, u: number): void {
  if (piece.a !== undefined) block.f[f + F.a] = piece.a;
  if (piece.b !== undefined) block.f[f + F.b] = piece.b;
  if (piece.durationUs !== undefined) {
    block.f[f + F.durationUs] = piece.durationUs;
    block.f[f + F.billedUs] = piece.durationUs;
  }
  if (piece.sizeKib !== undefined) block.u[u + U.memorySizeKib] = piece.sizeKib;
  if (piece.weight !== undefined) block.f[f + F.weight] = piece.weight;
  block.u[u + U.text] = block.dictionary.id(piece.text ?? '');
  block.u[u + U.version] = block.dictionary.id(piece.version ?? '');
}

/** Every order of a few things. */
export function permutations<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((thing, i) => permutations(things.toSpliced(i, 1)).map((rest) => [thing, ...rest]));
}
