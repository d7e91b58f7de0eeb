import { Command, InvalidArgumentError } from 'commander';
import { harmless, harmlessJson } from '../../infra/table-text.ts';
import { FragmentWriter } from '../../ingest/fragment.ts';
import { SourceError } from '../../ingest/sources/bytes.ts';
import { expandInputs, type InputProblem } from '../../ingest/sources/inputs.ts';
import { loadConfig } from '../config.ts';
import { CONFIG_FLAG } from '../config-file.ts';
import { ClosedOutputError, InputError, type Io } from '../io.ts';
import { parserOf } from '../parts.ts';
import { fileSource } from '../replay-read.ts';
import { merged, runningPeers } from '../running.ts';
import { count, plural, type Style, styleFor } from '../style.ts';
import { type TapEvent, TapFilter, tapEventOf } from '../tap-event.ts';

interface TapFlags {
  readonly config?: string;
  readonly function?: string;
  readonly json?: true;
  readonly limit?: number;
  readonly logGroup?: string;
  readonly account?: string;
  readonly region?: string;
}

const HELP = `
Without an input it looks into the running installation, at what its detect role is given, on this host. Work never waits for
it: what it cannot keep up with (or is above 2,000 events a second) is left out, and how much is said on standard error.
With inputs it parses them and shows the same, without any installation.

Examples:
  $ tripline tap --function 'pay-*'
  $ tripline tap ./export.ndjson --limit 20
  $ aws logs tail /aws/lambda/pay --follow | tripline tap - --log-group /aws/lambda/pay
`;

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('not a whole number above 0');
  return Number(text);
}

/** `tripline tap` */
export function tapCommand(io: Io): Command {
  return new Command('tap')
    .description('show normalised events as they pass, or those of a file')
    .argument('[input...]', 'file, folder, pattern, or - for standard input; default: the running installation')
    .option(...CONFIG_FLAG)
    .option('--function <pattern>', 'only functions of this name or key, * and ? allowed')
    .option('--limit <number>', 'end after so many events', wholeNumber)
    .option('--log-group <name>', 'log group of lines that do not tell theirs, such as /aws/lambda/pay')
    .option('--account <id>', 'AWS account of lines that do not tell theirs')
    .option('--region <name>', 'AWS region of lines that do not tell theirs')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (inputs: readonly string[], flags: TapFlags) => {
      const stop = new AbortController();
      const unlisten = io.onInterrupt(() => stop.abort());
      const show = shower(flags, io);
      try {
        if (inputs.length > 0) await tapInputs(inputs, flags, io, show, stop.signal);
        else await tapRunning(flags, io, show, stop.signal);
      } catch (error) {
        if (!(error instanceof ClosedOutputError)) throw error;
      } finally {
        unlisten();
      }
    });
}

/** Prints; false = that was the last one wanted. */
type Show = (events: readonly TapEvent[]) => Promise<boolean>;

function shower({ json, limit = Number.POSITIVE_INFINITY }: TapFlags, io: Io): Show {
  const style = styleFor(io.stdout, io.env);
  let left = limit;
  return async (events) => {
    const shown = events.slice(0, left);
    left -= shown.length;
    const line = (event: TapEvent) => (json === true ? harmlessJson(JSON.stringify(event)) : eventText(event, style));
    if (shown.length > 0) await io.stdout.write(shown.map((event) => `${line(event)}\n`).join(''));
    return left > 0;
  };
}

async function tapRunning(flags: TapFlags, io: Io, show: Show, signal: AbortSignal): Promise<void> {
  const peers = await runningPeers(flags, io);
  const request = { op: 'tap', function: flags.function ?? '*' };
  const events = merged(peers.map((peer) => peer.ask<TapEvent | { readonly dropped: number }>(request, signal)));
  for await (const event of events) {
    if ('dropped' in event) await io.stderr.write(`… ${plural(event.dropped, 'event')} left out\n`);
    else if (!(await show([event]))) return;
  }
}

async function tapInputs(
  inputs: readonly string[],
  flags: TapFlags,
  io: Io,
  show: Show,
  signal: AbortSignal,
): Promise<void> {
  const found = await expandInputs(inputs);
  if (found.inputs.length === 0) throw new InputError(textOf(found.problems));
  const filter = new TapFilter(flags.function ?? '*');
  const problems = [...found.problems];
  let isAnyRead = false;
  const rejects = { count: 0, first: '' };
  const fields = flags.config === undefined ? [] : loadConfig(flags.config, io.env).fields;
  for (const input of found.inputs) {
    let events: TapEvent[] = [];
    const writer = new FragmentWriter((block) => {
      for (let i = 0; i < block.n; i++) if (filter.takes(block, i)) events.push(tapEventOf(block, i));
    });
    const parser = parserOf(flags, fields)(input.name, writer, ({ origin, reason }) => {
      if (rejects.count++ === 0) rejects.first = `${origin}: ${reason}`;
    });
    const taken = async () => {
      writer.flush();
      const all = events;
      events = [];
      return show(all);
    };
    try {
      for await (const chunk of fileSource(input, io.stdin).open(() => {})) {
        isAnyRead = true;
        parser.push(chunk);
        if (!(await taken()) || signal.aborted) return;
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      problems.push({ name: input.name, message: error.message }); // what was before the damage is shown
    }
    parser.end();
    if (!(await taken())) return;
  }
  if (!isAnyRead) throw new InputError(textOf(problems));
  for (const problem of problems) await io.stderr.write(`${harmless(textOf([problem]))}\n`);
  if (rejects.count > 0)
    await io.stderr.write(`${count(rejects.count)} could not be used, the first: ${harmless(rejects.first)}\n`);
}

const textOf = (problems: readonly InputProblem[]): string =>
  problems.map(({ name, message }) => `${name}: ${message}`).join('\n  ');

/** `14:05:00.123  pay  report  success  12.3 ms  …` */
export function eventText(event: TapEvent, style: Style): string {
  const { time, kind, function: name, outcome } = event;
  const bad = outcome !== undefined && outcome !== 'success';
  const words = [
    outcome === undefined ? null : style(outcome, bad ? 'red' : 'green'),
    event.duration_ms === undefined ? null : `${figure(event.duration_ms)} ms`,
    event.billed_ms === undefined ? null : `billed ${figure(event.billed_ms)} ms`,
    event.memory_used_mb === undefined
      ? null
      : `${figure(event.memory_used_mb)}${event.memory_mb === undefined ? '' : `/${figure(event.memory_mb)}`} MB`,
    event.cold_start === true ? `cold${event.init_ms === undefined ? '' : ` ${figure(event.init_ms)} ms`}` : null,
    event.http_status === undefined ? null : `status ${event.http_status}`,
    event.denied === true ? 'denied' : null,
    event.tx_bytes === undefined ? null : `sent ${figure(event.tx_bytes)} B`,
    event.rx_bytes === undefined ? null : `received ${figure(event.rx_bytes)} B`,
    event.lost_records === undefined ? null : `${figure(event.lost_records)} records lost`,
    event.error_type ?? null,
    event.content === undefined ? null : `content: ${event.content}`,
    event.request_id === undefined ? null : style(harmless(event.request_id), 'dim'),
  ].filter((word) => word !== null);
  const version = event.version === undefined || event.version === '$LATEST' ? '' : `:${event.version}`;
  return `${style(time.slice(11, 23), 'dim')}  ${style(harmless(name + version), 'bold')}  ${kind}  ${words.join('  ')}`;
}

const figure = (value: number): string => String(Math.round(value * 100) / 100);
