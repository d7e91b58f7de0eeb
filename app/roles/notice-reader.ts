import { WireError } from '../../infra/wire-bytes.ts';
import type { DeadLetterBox } from './dead-letters.ts';
import { decodeNotice, type NumberedEntry, type NumberedNotice } from './notices.ts';
import { following, type Numbering } from './numbering.ts';

/** Why a notice is passed over that was not said before. */
const IGNORED = {
  replaced: 'a desk that was replaced said it',
  early: 'numbers before it are missing: it is waited for them',
} as const;

/** Reads the topic of notices, and passes over what was said before or out of turn. */
export class NoticeReader {
  readonly #deadLetters: DeadLetterBox;
  readonly #onIgnored: (n: number, why: string) => void;
  #ignored: string | null = null;

  /** @param onIgnored told once each time something is passed over that was not said before */
  constructor(deadLetters: DeadLetterBox, onIgnored: (n: number, why: string) => void) {
    this.#deadLetters = deadLetters;
    this.#onIgnored = onIgnored;
  }

  /** Null where it cannot be read: then it is set aside. @throws {WireError} on a newer version */
  async read(record: Uint8Array, offset: number): Promise<NumberedNotice | NumberedEntry | null> {
    try {
      return decodeNotice(record);
    } catch (error) {
      if (!(error instanceof WireError) || error.code === 'NEWER_VERSION') throw error;
      await this.#deadLetters.putRecord('notices', 0, offset, record, error.message);
      return null;
    }
  }

  /** The place behind it; null where it is not its turn. */
  follow<N extends Numbering>(place: N, said: NumberedNotice | NumberedEntry): N | null {
    const next = following(place, said);
    if (next === 'repeated') return null; // by a desk that went on from its snapshot
    if (next === 'replaced' || next === 'early') {
      const why = IGNORED[next];
      if (this.#ignored !== why) this.#onIgnored(said.n, why);
      this.#ignored = why;
      return null;
    }
    this.#ignored = null;
    return next;
  }
}
