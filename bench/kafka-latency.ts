import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { configText, makeTopics, type Place } from './kafka-context.ts';
import { Traffic } from './kafka-traffic.ts';

const MAIN = fileURLToPath(new URL(`../app/main${import.meta.url.slice(-3)}`, import.meta.url));
const MINUTE_MS = 60_000;
/** Functions that carry the load. */
const OTHERS = 500;
const USUAL_CALLS_A_MINUTE = 12;
/** Between two pieces of live traffic, ms. */
const SLOT_MS = 10;
const BURST_MS = 4000;
const BURST_CALLS_A_SECOND = 100;
/** The watermark of every partition is no older than this before anything is measured. */
const CAUGHT_UP_SECONDS = 2;
const CATCH_UP_MS = 240_000;
const END_MS = 5000;

export interface LatencyOptions {
  readonly place: Place;
  /** invocations a second */
  readonly rate: number;
  readonly bursts: number;
  /** between the beginnings of two bursts, ms */
  readonly everyMs: number;
  readonly historyHours: number;
  readonly nodeFlags: readonly string[];
}

export interface Latencies {
  /** from the event that crossed the bar to the alert at its destination, ms, sorted; one of each burst that was noticed */
  readonly latenciesMs: readonly number[];
  /** from the first event of a burst to the one that crossed the bar, ms, sorted */
  readonly neededMs: readonly number[];
  readonly bursts: number;
  /** of all traffic while bursts were made, invocations a second */
  readonly heldRate: number;
  /** how late the writer itself was at most: what it suffered, the roles suffered too, each by itself */
  readonly writerLateMs: number;
  /** alerts on functions that nothing was done to */
  readonly others: number;
}

interface Heard {
  readonly atMs: number;
  readonly receivedMs: number;
  readonly fn: string;
  readonly isOpening: boolean;
}

/** `tripline ingest -`, `detect` and `notify` as processes, a paced writer on their standard input, a web hook behind them. */
export async function measureLatency(options: LatencyOptions): Promise<Latencies> {
  const { place, bursts, historyHours } = options;
  mkdirSync(place.state, { recursive: true });
  const heard: Heard[] = [];
  const server = await receive(heard);
  const port = await freePort();
  const file = join(place.state, 'tripline.yaml');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`;
  writeFileSync(file, configText(place, { destinations: [{ type: 'webhook', url }], http: { listen: 'off' } }));
  await makeTopics(place);
  const start = (...args: string[]) =>
    spawn(process.execPath, [...options.nodeFlags, MAIN, ...args, '--config', file], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
  const roles = [start('ingest', '-'), start('detect', '--http', `127.0.0.1:${port}`), start('notify')];
  const failed = Promise.race(
    roles.map(async (role) => Promise.reject(new Error(`a role ended: ${await once(role, 'exit')}`))),
  );
  try {
    const writer = new Writer(roles[0]!, new Traffic(bursts, OTHERS), options);
    return await Promise.race([failed, play(writer, heard, historyHours, port)]);
  } finally {
    failed.catch(() => {});
    roles[0]!.stdin!.end();
    await Promise.all(roles.map((role) => end(role)));
    server.close();
  }
}

async function end(role: ChildProcess): Promise<void> {
  if (role.exitCode !== null || role.signalCode !== null) return;
  role.kill('SIGTERM');
  await once(role, 'exit');
}

async function play(writer: Writer, heard: readonly Heard[], historyHours: number, port: number): Promise<Latencies> {
  await writer.history(historyHours);
  const live = writer.live();
  await caughtUp(port);
  await writer.burst();
  const { heldRate } = await live;
  await wait(END_MS);
  return summary(writer, heard, heldRate);
}

function summary(writer: Writer, heard: readonly Heard[], heldRate: number): Latencies {
  const { begunMs, traffic } = writer;
  const firsts = begunMs.flatMap((begun, i) => {
    const own = heard.filter(({ fn, isOpening, atMs }) => isOpening && fn === traffic.watchedName(i) && atMs >= begun);
    return own.slice(0, 1).map(({ atMs, receivedMs }) => ({ latencyMs: receivedMs - atMs, neededMs: atMs - begun }));
  });
  const isWatched = ({ fn }: Heard) => begunMs.some((_, i) => fn === traffic.watchedName(i));
  const sorted = (values: number[]) => values.sort((a, b) => a - b);
  return {
    latenciesMs: sorted(firsts.map(({ latencyMs }) => latencyMs)),
    neededMs: sorted(firsts.map(({ neededMs }) => neededMs)),
    bursts: begunMs.length,
    heldRate,
    writerLateMs: writer.latestMs,
    others: heard.filter((each) => each.isOpening && !isWatched(each)).length,
  };
}

/** Writes the lines: as fast as they are taken while they are history, at its pace from then on. */
class Writer {
  readonly traffic: Traffic;
  /** when the burst of each watched function began; the function's number is its place */
  readonly begunMs: number[] = [];
  readonly #ingest: ChildProcess;
  readonly #options: LatencyOptions;
  /** while bursts were made: the longest that a piece of traffic came late, ms */
  latestMs = 0;
  /** calls of each burst so far */
  readonly #burst: number[] = [];
  readonly #usual: Usual;
  #isLive = true;
  #nextMinuteMs = 0;

  constructor(ingest: ChildProcess, traffic: Traffic, options: LatencyOptions) {
    this.#ingest = ingest;
    this.traffic = traffic;
    this.#options = options;
    this.#usual = new Usual(options.bursts);
  }

  async history(hours: number): Promise<void> {
    this.#nextMinuteMs = Math.floor(Date.now() / MINUTE_MS - hours * 60) * MINUTE_MS;
    while (this.#nextMinuteMs + MINUTE_MS <= Date.now()) {
      for (const line of this.traffic.minute(this.#nextMinuteMs, USUAL_CALLS_A_MINUTE)) {
        if (!this.#ingest.stdin!.write(line)) await once(this.#ingest.stdin!, 'drain');
      }
      this.#nextMinuteMs += MINUTE_MS;
    }
  }

  /** Never waits for whoever reads: what is not taken yet piles up, and its latency is counted. */
  async live(): Promise<{ readonly heldRate: number }> {
    const { rate } = this.#options;
    const startMs = Date.now();
    let written = 0;
    while (this.#isLive) {
      const nowMs = Date.now();
      const due = Math.floor(((nowMs - startMs) / 1000) * rate) - written;
      written += due;
      this.#ingest.stdin!.write(this.#slot(nowMs, due));
      await wait(Math.max(1, SLOT_MS - (Date.now() - nowMs)));
      if (this.begunMs.length > 0) this.latestMs = Math.max(this.latestMs, Date.now() - nowMs - SLOT_MS);
    }
    return { heldRate: (1000 * written) / (Date.now() - startMs) };
  }

  #slot(nowMs: number, calls: number): string {
    let text = '';
    let own = 0;
    for (const i of this.#usual.due(nowMs)) {
      text += this.traffic.calls(i, nowMs, 1, false);
      own++;
    }
    for (const [i, begun] of this.begunMs.entries()) {
      const burst = Math.floor((Math.min(nowMs - begun, BURST_MS) * BURST_CALLS_A_SECOND) / 1000) - this.#burst[i]!;
      if (burst === 0) continue;
      text += this.traffic.calls(i, nowMs, burst, i % 2 === 1);
      this.#burst[i]! += burst;
      own += burst;
    }
    for (const line of this.traffic.load(nowMs, calls - own)) text += line;
    return text;
  }

  /** One watched function after the other, all of them; every other one fails. */
  async burst(): Promise<void> {
    const { bursts, everyMs } = this.#options;
    for (let i = 0; i < bursts; i++) {
      this.begunMs.push(Date.now());
      this.#burst.push(0);
      await wait(everyMs);
    }
    await wait(BURST_MS);
    this.#isLive = false;
  }
}

/** The watched functions go on as they always did, one after the other. */
class Usual {
  readonly #functions: number;
  #done = 0;
  #startMs = Number.NaN;

  constructor(functions: number) {
    this.#functions = functions;
  }

  /** Whose calls came since the last time. */
  *due(nowMs: number): Generator<number> {
    if (Number.isNaN(this.#startMs)) this.#startMs = nowMs;
    const due = ((nowMs - this.#startMs) / MINUTE_MS) * USUAL_CALLS_A_MINUTE * this.#functions;
    for (; this.#done < due; this.#done++) yield this.#done % this.#functions;
  }
}

/** @throws when it does not catch up: the rate is more than this machine can do */
async function caughtUp(port: number): Promise<void> {
  const untilMs = Date.now() + CATCH_UP_MS;
  let good = 0;
  let lag = Number.NaN;
  while (Date.now() < untilMs) {
    await wait(1000);
    const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
    const lags = [...text.matchAll(/^tripline_detect_lag_seconds\{.*?\} (\S+)$/gm)].map(([, value]) => Number(value));
    lag = lags.length === 0 ? Number.NaN : Math.max(...lags);
    good = lag < CAUGHT_UP_SECONDS ? good + 1 : 0;
    if (good === 5) return;
  }
  throw new Error(`detect is ${lag} s behind after ${CATCH_UP_MS / 1000} s: this machine does not hold the rate`);
}

async function receive(heard: Heard[]): Promise<Server> {
  const server = createServer((request, response) => {
    const receivedMs = Date.now();
    let body = '';
    request.on('data', (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on('end', () => {
      response.end();
      const event = JSON.parse(body) as { event: string; at: string; severity: string; function: { name: string } };
      const isOpening = event.event === 'opened' && event.severity !== 'info';
      heard.push({ atMs: Date.parse(event.at), receivedMs, fn: event.function.name, isOpening });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
