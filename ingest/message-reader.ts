import { applicationJson } from './formats/application-json.ts';
import { applicationText } from './formats/application-text.ts';
import { JSON_FORMATS, TEXT_FORMATS } from './formats/kinds.ts';
import { isObject, type JsonObject, LogEvent } from './formats/log-event.ts';
import type { Identities, LogStream } from './identity.ts';
import type { Journal } from './journal.ts';
import type { Recorder } from './recorder.ts';

const TEXTS = Object.values(TEXT_FORMATS);
const JSONS = Object.values(JSON_FORMATS);
/** Objects longer than this are not parsed for their fields: one event of CloudWatch is at most 1 MB. */
const MAX_JSON = 2 * 1024 * 1024;

/** Reads the message of one log event, whatever it came in, and records what it says. Never throws. 1–5 µs a message. */
export class MessageReader {
  readonly #event: LogEvent;

  constructor(recorder: Recorder, journal: Journal, identities: Identities) {
    this.#event = new LogEvent(recorder, journal, identities);
  }

  /** `timeMs` is the event's time: a sound instant, since the platform's own lines in text carry none. */
  read(stream: LogStream, timeMs: number, message: string): void {
    const event = this.#event;
    event.at(stream, timeMs);
    const value = message.charCodeAt(0) === 0x7b ? parseObject(message) : null;
    if (value !== null) this.readObject(stream, timeMs, value, message);
    else for (const format of TEXTS) if (format(message, event)) return;
  }

  /** What a function itself printed in the attempt `requestId`, where the envelope tells so: never a platform's line. */
  application(stream: LogStream, timeMs: number, requestId: string, message: string): void {
    const event = this.#event;
    event.at(stream, timeMs);
    event.setId(requestId);
    const value = message.charCodeAt(0) === 0x7b ? parseObject(message) : null;
    if (value === null) applicationText(message, event);
    else applicationJson(value, event, message);
  }

  /** As `read`, for a message that was parsed already; `text` is the message as it stood. */
  readObject(stream: LogStream, timeMs: number, value: JsonObject, text: string): void {
    const event = this.#event;
    event.at(stream, timeMs);
    const { type, record } = value;
    if (type === 'extension' && record !== undefined) event.journal.stats.platformLines++;
    else if (type === 'function' && isObject(record))
      this.readObject(stream, timeMs, withoutPlatform(record), JSON.stringify(record));
    else if (type === 'function' && typeof record === 'string')
      applicationText(record, event); // user text: never a platform line
    else for (const format of JSONS) if (format(value, event, text)) return;
  }
}

/** A function may print an object that looks like a platform event; inside `function` it is not one. */
function withoutPlatform(record: JsonObject): JsonObject {
  return { ...record, type: undefined };
}

function parseObject(text: string): JsonObject | null {
  if (text.length > MAX_JSON) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // text that begins with a brace
  }
}
