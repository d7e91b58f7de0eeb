import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Random } from '../../scenarios/random.ts';
import { type Child, Processes } from '../faults/processes.ts';
import { writeWorkload } from '../faults/workload.ts';
import { check } from './check.ts';
import { Receiver, type ReceiverOptions } from './receiver.ts';
import { checkSlack, openSlack, type SlackReceiver, slackDestination } from './slack.ts';

const HELP = `Usage: npm run test:kill -- [options]
Kills tripline run with SIGKILL at seeded moments while it reads a file and delivers to two web hooks, of which one fails now
and then, starts it again each time, and compares what the web hooks got with an undisturbed run. Exits 0 where each of
them got every transition at least once, in order, under the same key with the same content, and nothing else.
  --slack      to a bot of Slack, too, at a message a second: each transition must stand there once (takes minutes)
  --points N   how often it is killed (5)
  --seed N     of when (1)
  --keep       leave folders and logs`;

const { values: flags } = parseArgs({
  options: {
    points: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    slack: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const ROOT = resolve(import.meta.dirname, '../../..');
const POINTS = Number(flags.points);
const START_MS = 120_000;
const END_MS = 60_000;
/** Nothing came for so long: it is done. */
const CALM_MS = 8_000;
const DONE_MS = 300_000;
const LOOK_MS = 50;
/** A life is killed at most so long after it began to work. */
const LIFE_MS = 2_500;
/** Of an answer: the more points, the longer there is something on its way. */
const DELAY_MS = Math.min(400, Math.max(20, 4 * POINTS));
/** Too few to say anything. */
const LEAST = 40;

const say = (message: string): void => void process.stderr.write(`${message}\n`);

/** One installation, what it reads, and who hears of it. */
class Scene {
  readonly dir: string;
  readonly receivers: readonly Receiver[];
  readonly slack: SlackReceiver | null;
  readonly #processes: Processes;
  readonly #input: string;
  readonly #config: string;
  #lives = 0;

  private constructor(dir: string, receivers: readonly Receiver[], slack: SlackReceiver | null, processes: Processes) {
    this.slack = slack;
    this.dir = dir;
    this.receivers = receivers;
    this.#processes = processes;
    this.#input = join(dir, 'followed.ndjson');
    this.#config = join(dir, 'tripline.yaml');
  }

  static async open(
    dir: string,
    processes: Processes,
    hooks: readonly ReceiverOptions[],
    slack: SlackReceiver | null = null,
  ): Promise<Scene> {
    mkdirSync(dir, { recursive: true });
    const receivers = await Promise.all(hooks.map((hook) => Receiver.open(hook)));
    const scene = new Scene(dir, receivers, slack, processes);
    const destinations = receivers.map(({ url }, i) => ({
      type: 'webhook',
      name: `hook-${i}`,
      url,
      allowPrivate: ['127.0.0.1'],
    }));
    const config = {
      store: 'none',
      state: join(dir, 'state'),
      bus: { local: { dir: join(dir, 'bus') } },
      sources: [{ files: [scene.#input], follow: true }],
      destinations: slack === null ? destinations : [...destinations, slackDestination(slack)],
      live: { snapshotMs: 1_000, flushMs: 50, latenessMs: 24 * 3_600_000 },
      http: { listen: 'off' },
      log: { level: 'info', format: 'json' },
    };
    writeFileSync(scene.#config, JSON.stringify(config)); // YAML has JSON in it
    writeFileSync(scene.#input, '');
    return scene;
  }

  feed(lines: readonly string[]): void {
    if (lines.length > 0) appendFileSync(this.#input, `${lines.join('\n')}\n`);
  }

  start(): Child {
    const args = [join(ROOT, 'dist/app/main.js'), 'run', '--config', this.#config];
    const logFile = join(this.dir, `life-${String(this.#lives++).padStart(3, '0')}.log`);
    return this.#processes.start({ name: 'run', program: process.execPath, args, logFile });
  }

  get requests(): number {
    return this.receivers.reduce((sum, { received }) => sum + received.length, this.slack?.calls.length ?? 0);
  }

  /** Resolves when each receiver has so many at least, and nothing more comes. @throws {Error} where the process ends */
  async isDone(child: Child, least: number): Promise<void> {
    const lateMs = Date.now() + DONE_MS;
    let seen = -1;
    for (let calmMs = Date.now(); Date.now() - calmMs < CALM_MS; await wait(LOOK_MS)) {
      if (!child.isRunning) throw new Error(`it ended by itself: ${child.logFile}`);
      const isThere = this.receivers.every(({ taken }) => taken.size >= least);
      if (this.requests !== seen || (!isThere && Date.now() < lateMs)) calmMs = Date.now();
      seen = this.requests;
    }
  }

  async close(): Promise<void> {
    for (const receiver of this.receivers) await receiver.close();
    await this.slack?.close();
  }
}

/** What each receiver gets where nobody dies and nothing fails. */
async function undisturbed(dir: string, processes: Processes, lines: readonly string[]) {
  const calm = { delayMs: 0, failing: 0, random: new Random('calm') };
  const scene = await Scene.open(dir, processes, [calm, calm]);
  try {
    scene.feed(lines);
    const child = scene.start();
    await child.said(/"started"/, START_MS);
    await scene.isDone(child, LEAST);
    await child.end('SIGTERM', END_MS);
    return scene.receivers.map(({ taken }) => taken);
  } finally {
    await scene.close();
  }
}

/**
 * Kills it at each point, and lets the last life finish. All of the input is there from the start, as in the undisturbed run:
 * when an alert is said early depends on what has arrived by then. Web hooks that answer late make the work last.
 */
async function killed(scene: Scene, lines: readonly string[], expected: number): Promise<void> {
  const random = new Random('kill', Number(flags.seed));
  scene.feed(lines);
  for (let point = 0; point < POINTS; point++) {
    const child = scene.start();
    const isEarly = random.unit() < 0.2; // while it starts
    if (!isEarly) await child.said(/"started"/, START_MS);
    const before = scene.requests;
    const isAtRequest = !isEarly && random.unit() < 0.5; // while something is on its way
    const afterMs = random.unit() * (isEarly ? LIFE_MS / 2 : LIFE_MS);
    const lateMs = Date.now() + LIFE_MS + afterMs;
    while (isAtRequest && scene.requests === before && Date.now() < lateMs) await wait(1);
    await wait(isAtRequest ? random.unit() * 50 : afterMs);
    if (!child.isRunning) throw new Error(`it ended by itself: ${child.logFile}`);
    await child.end('SIGKILL', END_MS);
  }
  const child = scene.start();
  await child.said(/"started"/, START_MS);
  await scene.isDone(child, expected);
  await child.end('SIGTERM', END_MS);
}

async function main(): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'tripline-kill-'));
  const processes = new Processes();
  let isRight = false;
  try {
    const workload = join(dir, 'workload.ndjson');
    writeWorkload(workload);
    const lines = readFileSync(workload, 'utf8').trim().split('\n');
    const expected = await undisturbed(join(dir, 'undisturbed'), processes, lines);
    const count = expected[0]?.size ?? 0;
    say(`undisturbed: ${count} notices of ${lines.length} lines`);
    if (count < LEAST) throw new Error(`${count} notices are too few to say anything`);
    const seed = Number(flags.seed);
    const hooks = [0, 0.15].map((failing, i) => ({ delayMs: DELAY_MS, failing, random: new Random('hook', seed, i) }));
    const slack = flags.slack ? await openSlack() : null;
    const scene = await Scene.open(join(dir, 'killed'), processes, hooks, slack);
    try {
      await killed(scene, lines, count);
    } finally {
      await scene.close();
    }
    for (const [i, { received }] of scene.receivers.entries()) {
      writeFileSync(join(dir, `expected-${i}.json`), JSON.stringify([...(expected[i] ?? [])]));
      writeFileSync(join(dir, `received-${i}.json`), JSON.stringify(received));
    }
    const verdicts = scene.receivers.map(({ received }, i) => check(expected[i] ?? new Map(), received));
    for (const [i, { expected: due, requests, repeated, faults }] of verdicts.entries()) {
      say(`hook-${i}: ${due} due, ${requests} requests, ${repeated} repeated, ${faults.length} faults`);
      for (const fault of faults.slice(0, 10)) say(`  ${fault}`);
    }
    if (slack !== null) {
      const verdict = checkSlack(expected[0] ?? new Map(), slack);
      say(`slack: ${verdict.expected} due, ${verdict.requests} calls, ${verdict.faults.length} faults`);
      for (const fault of verdict.faults.slice(0, 10)) say(`  ${fault}`);
      verdicts.push(verdict);
    }
    isRight = verdicts.every(({ faults }) => faults.length === 0);
    say(`${isRight ? 'passed' : 'FAILED'}: ${POINTS} kills, seed ${seed}`);
    return isRight;
  } finally {
    processes.killAll();
    if (flags.keep || !isRight) say(`logs: ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  }
}

if (flags.help) say(HELP);
else process.exitCode = (await main()) ? 0 : 1;
