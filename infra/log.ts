import { pino } from 'pino';
import { cleanFields, cleanText } from './log-redact.ts';
import { textLine } from './log-text.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['auto', 'json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Numbers with their unit in the name; an error under `error`. Nothing secret needs to be kept out: see `createLog`. */
export type LogFields = Readonly<Record<string, unknown>>;
type LogMethod = (message: string, fields?: LogFields) => void;

/** What a component is given to say what it does. Every call has been written when it returns. */
export interface Log {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** The same log for a part of the program: its lines carry `component` and `fields`. */
  child(component: string, fields?: LogFields): Log;
}

export interface LogOptions {
  /** `info` by default */
  readonly level?: LogLevel;
  /** `auto`, the default: text where standard error is a terminal, JSON elsewhere */
  readonly format?: LogFormat;
  /** on every line, such as the role and the worker's name */
  readonly fields?: LogFields;
  /** where lines go and whether that is a terminal; standard error by default */
  readonly to?: LogDestination;
}

export interface LogDestination {
  readonly isTerminal: boolean;
  /** takes a line with its end, at once */
  write(line: string): void;
}

/**
 * Structured logs on standard error: one line a call, as JSON (`time`, `level`, `component`, `message`, then the fields)
 * or as text for people. Written synchronously, so nothing is lost when the process ends or is killed: 10–20 µs a line,
 * so never one for each event. Whatever looks like a secret, in messages, fields, names of fields and errors, becomes
 * `[redacted:<kind>]`. A destination that went away stops the log, not the program.
 */
export function createLog(options: LogOptions = {}): Log {
  const { level = 'info', format = 'auto', fields = {}, to = standardError() } = options;
  const isText = format === 'text' || (format === 'auto' && to.isTerminal);
  const stream: pino.DestinationStream = { write: (line) => to.write(isText ? textLine(line) : line) };
  const settings = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return logOn(pino(settings, stream).child(cleanFields(fields)));
}

function logOn(logger: pino.Logger): Log {
  const method =
    (level: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
    (message, fields) => {
      if (logger.isLevelEnabled(level)) logger[level](cleanFields(fields ?? {}), cleanText(message));
    };
  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: (component, fields = {}) => logOn(logger.child({ component, ...cleanFields(fields) })),
  };
}

/** File descriptor 2, written synchronously: a pipe that is full makes the writer wait, as a blocking write would. */
function standardError(): LogDestination {
  const stream = pino.destination({ fd: process.stderr.fd, sync: true });
  stream.on('error', () => {}); // nobody reads any more: the work goes on
  return { isTerminal: process.stderr.isTTY === true, write: (line) => void stream.write(line) };
}
