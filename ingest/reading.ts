import type { FieldMapping } from './clouds/mapping.ts';
import type { Gunzip } from './envelopes/base64-gzip.ts';
import type { Identities, LogStream } from './identity.ts';
import type { Journal } from './journal.ts';
import type { MessageReader } from './message-reader.ts';
import type { Recorder } from './recorder.ts';

/** A place in an origin: bytes before it, and the number of the line it stands in, from 1. */
export interface Place {
  readonly offset: number;
  readonly line: number;
}

/** One origin of bytes, and what the data itself may leave out. What the data says goes before what is said here. */
export interface ParserOptions {
  /** a file's name, `-` for standard input: named in rejects */
  readonly origin: string;
  /** group of events that come without one: raw lines, `aws logs` output, exports */
  readonly logGroup?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** what other JSON means, from the configuration; the first that fits a record counts, and goes before formats known here */
  readonly fields?: readonly FieldMapping[] | undefined;
  /** for gzip inside base64; gzip around the whole origin is undone before */
  readonly gunzip: Gunzip;
  /** longest single value, bytes; 64 MiB unless told */
  readonly maxValueBytes?: number;
  /** where the first byte stands, if not at the start: what an earlier parser had read the origin up to */
  readonly from?: Place | undefined;
}

/** All that an envelope needs to read what is in it. */
export interface Reading {
  readonly options: ParserOptions;
  readonly identities: Identities;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly messages: MessageReader;
  /** the reason for a reject of what belongs to no known function */
  whyUnplaced(stream: LogStream): string;
  /** the stream of this name in the group of the options */
  streamNamed(name: string): LogStream;
  /** reads bytes found inside a value as if they stood alone: concatenated JSON or lines */
  nested(bytes: Uint8Array): void;
}
