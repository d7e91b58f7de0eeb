import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type DeliveryView, deliveryViewFile } from '../../app/delivery-view.ts';
import { freePort } from '../../bench/free-port.ts';
import { openSlackWebhook, type SlackWebhookReceiver } from '../receivers/slack-webhook.ts';
import { openWebhook, type WebhookReceiver } from '../receivers/webhook.ts';
import type { Order, Sample } from './worker.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const SECRET = 'whsec_c3Rvcm0tb2YtNTAtMDAwLWFsZXJ0cy1hLW1pbnV0ZQ==';
const READY_MS = 60_000;
const END_MS = 60_000;
const LOOK_MS = 100;
const ASK_EVERY_MS = 250;
export const DESTINATIONS = ['slack', 'hook'] as const;

export interface CommandRun {
  readonly tookMs: number;
  readonly code: number | null;
  readonly stdout: string;
}

export interface SceneOptions {
  /** embedded, or none */
  readonly store: string;
  /** openings told alone before it is a storm */
  readonly alone: number;
}

interface Around {
  readonly slack: SlackWebhookReceiver;
  readonly hook: WebhookReceiver;
  /** of health */
  readonly port: number;
}

/** One installation in a process of its own, its two receivers, and who asks it how it is. */
export class Scene {
  readonly slack: SlackWebhookReceiver;
  readonly hook: WebhookReceiver;
  readonly samples: (Sample & { readonly atMs: number })[] = [];
  /** of /readyz, ms; Infinity where there was no answer, or it was not ready */
  readonly answersMs: number[] = [];
  readonly #state: string;
  readonly #config: string;
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #asking = new AbortController();
  #done: (() => void) | null = null;

  private constructor(dir: string, { slack, hook, port }: Around, { store, alone }: SceneOptions) {
    this.slack = slack;
    this.hook = hook;
    this.#state = join(dir, 'state');
    this.#config = join(dir, 'tripline.yaml');
    this.#url = `http://127.0.0.1:${port}`;
    const here = { allowPrivate: ['127.0.0.1'] };
    const config = {
      store: store === 'none' ? 'none' : join(dir, 'store'),
      state: this.#state,
      bus: { local: { dir: join(dir, 'bus') } },
      destinations: [
        { type: 'slack', name: 'slack', webhookUrl: slack.webhookUrl, ...here },
        { type: 'webhook', name: 'hook', url: hook.url, secret: SECRET, ...here },
      ],
      alerting: { storm: { alertsPerMinute: alone } },
      http: { listen: `127.0.0.1:${port}` },
      log: { level: 'info', format: 'json' },
    };
    writeFileSync(this.#config, JSON.stringify(config)); // YAML has JSON in it
    const log = openSync(join(dir, 'worker.log'), 'a', 0o600);
    const worker = join(import.meta.dirname, 'worker.js');
    this.#child = fork(worker, [this.#config], { stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#child.on('message', (message: Sample | { done: true }) => {
      if ('done' in message) this.#done?.();
      else this.samples.push({ ...message, atMs: Date.now() });
    });
  }

  static async open(dir: string, options: SceneOptions): Promise<Scene> {
    const [slack, hook, port] = await Promise.all([openSlackWebhook(Date.now), openWebhook(SECRET), freePort()]);
    const scene = new Scene(dir, { slack, hook, port }, options);
    const lateMs = Date.now() + READY_MS;
    while (!(await scene.#isReady())) {
      if (!scene.isRunning || Date.now() > lateMs) throw new Error('the process is not ready in time');
      await wait(LOOK_MS);
    }
    void scene.#keepAsking();
    return scene;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.#url}/readyz`, { signal: AbortSignal.timeout(READY_MS) });
      await answer.text();
      return answer.ok;
    } catch {
      return false;
    }
  }

  async #keepAsking(): Promise<void> {
    while (!this.#asking.signal.aborted) {
      const beganMs = performance.now();
      const isReady = await this.#isReady();
      if (this.#asking.signal.aborted) return;
      this.answersMs.push(isReady ? performance.now() - beganMs : Number.POSITIVE_INFINITY);
      await wait(ASK_EVERY_MS, undefined, { signal: this.#asking.signal }).catch(() => {});
    }
  }

  /** Resolves when it is done. @throws {Error} where the process ends before */
  async order(order: Order): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#child.send(order);
    await Promise.race([done, once(this.#child, 'exit')]);
    if (!this.isRunning) throw new Error('the process ended by itself');
  }

  /** False where it does not come to that in time. @throws {Error} where the process ends before */
  async until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    for (const lateMs = Date.now() + withinMs; !isSo(); await wait(LOOK_MS)) {
      if (!this.isRunning) throw new Error('the process ended by itself');
      if (Date.now() > lateMs) return false;
    }
    return true;
  }

  /** `tripline` as people call it, beside the process. */
  async tripline(...args: string[]): Promise<CommandRun> {
    const beganMs = performance.now();
    const command = [join(ROOT, 'dist/app/main.js'), ...args, '--config', this.#config];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { tookMs: performance.now() - beganMs, code, stdout };
  }

  /** As `tripline notify list` reads it. */
  view(destination: string): DeliveryView {
    return JSON.parse(readFileSync(deliveryViewFile(this.#state, destination), 'utf8')) as DeliveryView;
  }

  /** An orderly end: its exit code, null where it had to be killed. */
  async end(): Promise<number | null> {
    this.#asking.abort();
    if (!this.isRunning) return this.#child.exitCode;
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await once(this.#child, 'exit');
    clearTimeout(late);
    return this.#child.exitCode;
  }

  async close(): Promise<void> {
    this.#asking.abort();
    if (this.isRunning) this.#child.kill('SIGKILL');
    await Promise.all([this.slack.close(), this.hook.close()]);
  }
}
