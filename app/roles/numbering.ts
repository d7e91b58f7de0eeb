/**
 * How far a reader is in what one writer numbers without gaps, so that what is said again after a crash is known. A writer
 * whose state was lost counts from 1 under another epoch; the one before it is then never listened to again.
 */
export interface Numbering {
  /** number of the last message handled; null = none yet, and the first that comes is the first */
  readonly last: number | null;
  /** the life of the writer's state that `last` counts in, and those before it */
  readonly epoch?: string;
  readonly replaced?: readonly string[];
  /** records since `last` that could not be read, or that the topic had removed already: each may have been a number */
  readonly unreadable?: number;
  /** offset behind the last record handled */
  readonly nextOffset?: number;
}

export interface Numbered {
  readonly epoch?: string;
  readonly n: number;
}

/** `repeated`: handled before. `replaced`: of a writer that was replaced. `early`: numbers before it are missing, they come. */
export type OutOfTurn = 'repeated' | 'replaced' | 'early';

const EPOCHS_REMEMBERED = 8;

/** Records follow, the first at `offset`: what lies between it and where the reader was is not kept any more. */
export function reaching<N extends Numbering>(numbering: N, offset: number): N {
  const { nextOffset = offset, unreadable = 0 } = numbering;
  return { ...numbering, unreadable: unreadable + Math.max(0, offset - nextOffset) };
}

/** A record could not be read. */
export function missing<N extends Numbering>(numbering: N): N {
  return { ...numbering, unreadable: (numbering.unreadable ?? 0) + 1 };
}

/** The numbering behind this message, or why it is not its turn. */
export function following<N extends Numbering>(numbering: N, { n, epoch = '' }: Numbered): N | OutOfTurn {
  const { epoch: ours = '', last, replaced = [], unreadable = 0 } = numbering;
  const isOurs = last === null || epoch === ours;
  if (!isOurs && replaced.includes(epoch)) return 'replaced';
  if (isOurs && last !== null && n <= last) return 'repeated';
  if (isOurs && last !== null && n > last + 1 + unreadable) return 'early';
  return {
    ...numbering,
    last: n,
    epoch,
    unreadable: 0,
    replaced: isOurs ? replaced : [...replaced, ours].slice(-EPOCHS_REMEMBERED),
  };
}
