import { excerptOf } from './redact.ts';
import type { Reject } from './reject.ts';

/** Counts of one origin. Plain numbers, so that they can be taken back and added up. */
export interface ParserStats {
  bytes: number;
  /** subscription messages with data, and health checks, which are dropped */
  dataMessages: number;
  controlMessages: number;
  /** log events met in any envelope or as lines */
  events: number;
  /** lines of the platform that hold nothing to keep: END, EXTENSION, TELEMETRY, LOGS, LAMBDA_WARNING and their JSON kin */
  platformLines: number;
  /** `platform.*` types not known here */
  unknownPlatformLines: number;
  /** what the functions themselves wrote */
  applicationLines: number;
  /** application lines longer than what is searched for secrets and errors */
  cutLines: number;
  rejects: number;
}

export const newStats = (): ParserStats => ({
  bytes: 0,
  dataMessages: 0,
  controlMessages: 0,
  events: 0,
  platformLines: 0,
  unknownPlatformLines: 0,
  applicationLines: 0,
  cutLines: 0,
  rejects: 0,
});

/** Counts and rejects of one origin, with the place in it; what was noted since `hold` can be taken back. */
export class Journal {
  readonly stats: ParserStats = newStats();
  readonly #origin: string;
  readonly #emit: (reject: Reject) => void;
  /** where the value being read starts */
  offset = 0;
  line = 1;
  #isHeld = false;
  #held: Reject[] = [];
  #platformLines = 0;
  #unknownPlatformLines = 0;
  #applicationLines = 0;
  #cutLines = 0;
  #rejects = 0;

  constructor(origin: string, emit: (reject: Reject) => void) {
    this.#origin = origin;
    this.#emit = emit;
  }

  reject(reason: string, text: string): void {
    this.rejectAt(reason, text, this.offset, this.line);
  }

  rejectAt(reason: string, text: string, offset: number, line: number): void {
    const reject = { reason, origin: this.#origin, offset, line, excerpt: excerptOf(text) };
    this.stats.rejects++;
    if (this.#isHeld) this.#held.push(reject);
    else this.#emit(reject);
  }

  hold(): void {
    const { stats } = this;
    this.#isHeld = true;
    this.#platformLines = stats.platformLines;
    this.#unknownPlatformLines = stats.unknownPlatformLines;
    this.#applicationLines = stats.applicationLines;
    this.#cutLines = stats.cutLines;
    this.#rejects = stats.rejects;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#held.length === 0) return;
    for (const reject of this.#held) this.#emit(reject);
    this.#held = [];
  }

  rewind(): void {
    const { stats } = this;
    this.#isHeld = false;
    this.#held = [];
    stats.platformLines = this.#platformLines;
    stats.unknownPlatformLines = this.#unknownPlatformLines;
    stats.applicationLines = this.#applicationLines;
    stats.cutLines = this.#cutLines;
    stats.rejects = this.#rejects;
  }
}
