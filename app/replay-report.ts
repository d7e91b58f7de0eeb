import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import type { AlertEvent } from '../alerts/event.ts';
import { EXIT, type Io, type Output } from './io.ts';
import { outputTo } from './process-io.ts';
import type { ReplayListener, ReplayResult } from './replay.ts';
import { alertText } from './report-alert.ts';
import { nextSteps, summaryText } from './report-summary.ts';
import { bytes, count, shown, styleFor } from './style.ts';

export interface ReportOptions {
  /** alert events as NDJSON instead of text */
  readonly json: boolean;
  /** where alerts go instead of standard output */
  readonly outFile: string | undefined;
  readonly summaryFile: string | undefined;
  readonly failOnAlert: boolean;
  /** for the commands that are suggested; null = nothing is kept */
  readonly store: string | null;
  /** all bytes to read, for the progress bar; null = unknown */
  readonly totalBytes: number | null;
}

/** Tells people, or programs, how a replay goes. Alerts and the readable summary to standard output, the rest to standard error. */
export interface Report extends ReplayListener {
  /** Says how it ended, and returns the exit code. */
  finish(result: ReplayResult): Promise<number>;
  /** Clears what is half drawn. To be called however it ends. */
  close(): Promise<void>;
}

export async function openReport(options: ReportOptions, io: Io): Promise<Report> {
  const file = options.outFile === undefined ? null : await openFile(options.outFile);
  const alerts = file?.output ?? io.stdout;
  const alertStyle = styleFor(alerts, io.env);
  const progress = new Progress(io.stderr, !options.json);
  return {
    async phase(text) {
      progress.hide();
      await io.stderr.write(`${shown(text)}\n`);
    },
    readProgress: (done) => progress.show('reading', done, options.totalBytes, bytes),
    stepProgress: (done, of) => progress.show('looking', done, of, count),
    async alert(event: AlertEvent) {
      progress.hide();
      await alerts.write(options.json ? `${JSON.stringify(event)}\n` : `${alertText(event, alertStyle)}`);
    },
    async finish(result) {
      progress.stop();
      await file?.close();
      const people = options.json ? io.stderr : io.stdout;
      const style = styleFor(people, io.env);
      await people.write(`${summaryText(result, style)}\n${nextSteps(result, options.store, style)}`);
      if (options.summaryFile !== undefined) {
        await writeFile(options.summaryFile, `${JSON.stringify(result.summary, null, 2)}\n`);
      }
      if (result.summary.interrupted) return EXIT.interrupted;
      return options.failOnAlert && result.alerts.isAlarming ? EXIT.alert : EXIT.done;
    },
    async close() {
      progress.stop();
      await file?.close();
    },
  };
}

/** @throws a system error when the file cannot be made: before any work is done */
async function openFile(path: string): Promise<{ output: Output; close(): Promise<void> }> {
  const stream = createWriteStream(path);
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve()).once('error', reject);
  });
  const close = () => new Promise<void>((resolve) => (stream.closed ? resolve() : stream.end(() => resolve())));
  return { output: outputTo(stream), close };
}

/** A bar on a terminal, nothing elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #isWanted: boolean;
  #bar: SingleBar | null = null;
  #name = '';

  constructor(output: Output, isWanted: boolean) {
    this.#output = output;
    this.#isWanted = isWanted && output.isTTY;
  }

  show(name: string, done: number, of: number | null, format: (value: number) => string): void {
    if (!this.#isWanted) return;
    const words = { done: format(done), of: of === null ? '' : format(of) };
    if (name !== this.#name) this.#start(name, of, words);
    this.#bar?.update(done, words);
  }

  #start(name: string, of: number | null, words: { readonly done: string; readonly of: string }): void {
    this.stop();
    this.#name = name;
    const options = {
      format: of === null ? `${name} {done}` : `${name} {bar} {percentage}% {done} of {of}`,
      hideCursor: true,
      clearOnComplete: true,
      forceRedraw: true,
    };
    this.#bar = new SingleBar(options);
    this.#bar.start(of ?? 1, 0, words);
  }

  /** Makes room for a line of text; the bar comes back by itself. */
  hide(): void {
    if (this.#bar !== null) void this.#output.write('\r\u001b[K');
  }

  stop(): void {
    this.hide();
    this.#bar?.stop();
    this.#bar = null;
    this.#name = '';
  }
}
