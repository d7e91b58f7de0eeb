import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dataMessage, LatencyTraffic, type StreamEvents } from './latency-traffic.ts';

const MAIN = fileURLToPath(new URL(`../app/main${import.meta.url.slice(-3)}`, import.meta.url));
/** What the SDK signs with: the emulator asks nobody. */
const ENV = { ...process.env, AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };
/** Incidents follow each other faster than people have them: told as one they would not be measured. */
const NO_STORM = { alerting: { storm: { alertsPerMinute: 1000 } } };
const MINUTE_MS = 60_000;
const HISTORY_HOURS = 6;
/** Functions that carry the load. */
const OTHERS = 2000;
const LINES_A_CALL = 3;
const USUAL_CALLS_A_MINUTE = 12;
const SLOT_MS = 20;
const BURST_MS = 4000;
const BURST_CALLS_A_SECOND = 50;
/** Live traffic before the first burst, and after the last. */
const LEAD_MS = 15_000;
const END_MS = 6000;

/** How lines get in. */
export interface Way {
  readonly name: string;
  /** of the history: what its lines do not tell */
  readonly origin: readonly string[];
  /** what the log says when lines can come */
  readonly ready: string;
  /** what the config needs for it */
  readonly config: object;
  /** Takes what was logged at this moment; never waits for who reads it. */
  put(logged: readonly StreamEvents[]): void;
  close(): Promise<void>;
}

export interface LatencyOptions {
  readonly dir: string;
  /** lines a second */
  readonly rate: number;
  readonly bursts: number;
  readonly everyMs: number;
  /** prints what became of each incident */
  readonly isDetailed: boolean;
}

/** All sorted, ms. */
export interface Latencies {
  /** from the event that crossed the bar to the request at the receiver */
  readonly lineToRequest: readonly number[];
  /** from the moment the fleet stage had said the alert to the request */
  readonly verdictToRequest: readonly number[];
  readonly bursts: number;
  readonly heldRate: number;
  readonly others: number;
}

interface Request {
  readonly receivedMs: number;
  readonly text: string;
}

/** One way in, one `tripline run` with everything embedded, one receiver that answers as Slack does. */
export async function measure(way: Way, options: LatencyOptions): Promise<Latencies> {
  const { dir, bursts } = options;
  const requests: Request[] = [];
  const server = await slackReceiver(requests);
  const traffic = new LatencyTraffic(bursts, OTHERS);
  const history = join(dir, 'history.ndjson');
  await writeHistory(traffic, history);
  const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/B0/secret`;
  const config = join(dir, 'tripline.yaml');
  const destinations = [{ type: 'slack', name: 'slack', webhookUrl, allowPrivate: ['127.0.0.1'] }];
  const common = {
    store: 'none',
    state: join(dir, 'state'),
    http: { listen: 'off' },
    log: { level: 'debug', format: 'json' },
  };
  const bus = { local: { dir: join(dir, 'bus') } };
  try {
    writeFileSync(config, JSON.stringify({ ...common, bus }));
    const past = new Run([history, '--config', config, ...way.origin]);
    await past.quiet();
    await past.end();
    writeFileSync(config, JSON.stringify({ ...common, bus, destinations, ...NO_STORM, ...way.config }));
    const run = new Run(['--config', config]);
    await run.said(way.ready);
    const { begunMs, heldRate } = await Promise.race([run.failed, play(way, traffic, options)]);
    await wait(END_MS);
    await run.end();
    return summary({ traffic, begunMs, heldRate, requests, run }, options.isDetailed);
  } finally {
    await way.close();
    server.close();
  }
}

async function writeHistory(traffic: LatencyTraffic, file: string): Promise<void> {
  const out = createWriteStream(file);
  const endMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  for (let minuteMs = endMs - HISTORY_HOURS * 60 * MINUTE_MS; minuteMs < endMs; minuteMs += MINUTE_MS) {
    for (const logged of traffic.minute(minuteMs, USUAL_CALLS_A_MINUTE, 0.5))
      if (!out.write(`${dataMessage(logged)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

/** A `tripline run`, whose log is heard. */
class Run {
  readonly #child: ChildProcess;
  readonly #messages: { readonly atMs: number; readonly [field: string]: unknown }[] = [];
  #listeners: (() => void)[] = [];
  #isEnding = false;
  readonly failed: Promise<never>;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, 'run', ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: ENV });
    createInterface(this.#child.stderr!).on('line', (line) => this.#hear(line));
    this.failed = new Promise((_, reject) => {
      this.#child.once('exit', (code) => {
        if (this.#isEnding) return;
        reject(new Error(`tripline run ended with ${code}: ${JSON.stringify(this.#messages.at(-1))}`));
      });
    });
    this.failed.catch(() => {});
  }

  #hear(line: string): void {
    try {
      const message = JSON.parse(line) as { time: string };
      this.#messages.push({ ...message, atMs: Date.parse(message.time) });
    } catch {
      this.#messages.push({ atMs: Date.now(), message: line });
    }
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** The first alert that opened on this function: when it was said, and when the event was that crossed the bar, ms. */
  firstSaid(fn: string, fromMs: number): { readonly saidMs: number; readonly eventMs: number } | undefined {
    const said = this.#messages.find(
      (each) =>
        each['message'] === 'said' && each['event'] === 'opened' && each['function'] === fn && each.atMs >= fromMs,
    );
    return said === undefined ? undefined : { saidMs: said.atMs, eventMs: Date.parse(String(said['at'])) };
  }

  async said(message: string): Promise<void> {
    while (!this.#messages.some((each) => each['message'] === message))
      await Promise.race([this.failed, new Promise<void>((resolve) => this.#listeners.push(resolve))]);
  }

  /** Nothing new in its log but snapshots, which come where there was something to save. */
  async quiet(): Promise<void> {
    await this.said('started');
    for (let heard = -1, still = 0; still < 20; still++) {
      if (this.#messages.length !== heard) still = 0;
      heard = this.#messages.length;
      await Promise.race([this.failed, wait(500)]);
    }
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}

/** Steady traffic at its pace, and one burst after the other, each of a function of its own; every other one fails. */
async function play(
  way: Way,
  traffic: LatencyTraffic,
  { rate, bursts, everyMs }: LatencyOptions,
): Promise<{ begunMs: number[]; heldRate: number }> {
  const begunMs: number[] = [];
  const done: number[] = [];
  const startMs = Date.now();
  const endMs = startMs + LEAD_MS + bursts * everyMs + BURST_MS;
  let lines = 0;
  while (Date.now() < endMs) {
    const nowMs = Date.now();
    if (begunMs.length < bursts && nowMs >= startMs + LEAD_MS + begunMs.length * everyMs) {
      begunMs.push(nowMs);
      done.push(0);
    }
    const logged: StreamEvents[] = [];
    let due = Math.floor((((nowMs - startMs) / 1000) * rate - lines) / LINES_A_CALL);
    lines += due * LINES_A_CALL;
    for (const [i, begun] of begunMs.entries()) {
      const calls = Math.floor((Math.min(nowMs - begun, BURST_MS) * BURST_CALLS_A_SECOND) / 1000) - done[i]!;
      if (calls <= 0) continue;
      logged.push(traffic.calls(i, nowMs, calls, i % 2 === 1));
      done[i]! += calls;
      due -= calls;
    }
    logged.push(...traffic.load(nowMs, Math.max(0, due)));
    way.put(logged);
    await wait(Math.max(1, SLOT_MS - (Date.now() - nowMs)));
  }
  return { begunMs, heldRate: (1000 * lines) / (Date.now() - startMs) };
}

interface Played {
  readonly traffic: LatencyTraffic;
  readonly begunMs: readonly number[];
  readonly heldRate: number;
  readonly requests: readonly Request[];
  readonly run: Run;
}

function summary({ traffic, begunMs, heldRate, requests, run }: Played, isDetailed: boolean): Latencies {
  const lineToRequest: number[] = [];
  const verdictToRequest: number[] = [];
  let others = requests.length;
  for (const [i] of begunMs.entries()) {
    const name = new RegExp(`\\b${traffic.nameOf(i)}\\b`);
    const own = requests.filter(({ text }) => name.test(text));
    others -= own.length;
    const first = run.firstSaid(traffic.nameOf(i), begunMs[i]!);
    if (own.length === 0 || first === undefined) continue;
    if (isDetailed) {
      const seen = own.map(({ receivedMs, text }) => `${receivedMs - begunMs[i]!} ${titleOf(text)}`);
      const at = `crossed the bar ${first.eventMs - begunMs[i]!}, said ${first.saidMs - begunMs[i]!}`;
      process.stdout.write(`${traffic.nameOf(i)}, ms since its burst began: ${at}, requests: ${seen.join('; ')}\n`);
    }
    lineToRequest.push(own[0]!.receivedMs - first.eventMs);
    verdictToRequest.push(own[0]!.receivedMs - first.saidMs);
  }
  const sorted = (values: number[]) => values.sort((a, b) => a - b);
  return {
    lineToRequest: sorted(lineToRequest),
    verdictToRequest: sorted(verdictToRequest),
    bursts: begunMs.length,
    heldRate,
    others,
  };
}

const titleOf = (text: string): string => String((JSON.parse(text) as { text?: unknown }).text ?? '').slice(0, 80);

/** Answers as an incoming web hook of Slack does, without its rate limit: that would be measured otherwise. */
async function slackReceiver(requests: Request[]): Promise<Server> {
  const server = createServer((request, response) => {
    const receivedMs = Date.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ receivedMs, text: Buffer.concat(chunks).toString() });
      response.end('ok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
