import type { Identities, LogStream } from '../identity.ts';
import type { Journal } from '../journal.ts';
import type { Recorder } from '../recorder.ts';
import { clearRequestId, newRequestId, type RequestId, setRequestId } from '../request-id.ts';

/** A parsed JSON object; its values are checked where they are used. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The log event being read, and where what it says goes. One object, filled again for every event. `id` is the request
 * id that the line itself names, all zero if none.
 */
export class LogEvent {
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly identities: Identities;
  readonly id: RequestId = newRequestId();
  stream!: LogStream;
  timeMs = Number.NaN;

  constructor(recorder: Recorder, journal: Journal, identities: Identities) {
    this.recorder = recorder;
    this.journal = journal;
    this.identities = identities;
  }

  at(stream: LogStream, timeMs: number): void {
    this.stream = stream;
    this.timeMs = timeMs;
    clearRequestId(this.id);
  }

  /** The dictionary number of a text, cut to a length that no attacker profits from. */
  readonly intern = (text: string): number => this.recorder.out.dictionary.id(text.slice(0, 128));

  setId(text: string): void {
    setRequestId(this.id, text, this.intern);
  }

  /** Starts a fragment about the attempt that the line names, or about the one open in its stream; -1 if the function is unknown. */
  add(kindFlags: number): number {
    return this.recorder.addAbout(this.id, kindFlags, this.stream, this.timeMs);
  }
}

/** Reads one kind of text line; false if it is none of its own, and then nothing was recorded. */
export type TextFormat = (text: string, event: LogEvent) => boolean;
/** Reads one kind of JSON line; `text` is the line as it stood. */
export type JsonFormat = (value: JsonObject, event: LogEvent, text: string) => boolean;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
