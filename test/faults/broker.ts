import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Processes } from './processes.ts';

/** The first run gets Kafka's jars. */
const START_MS = 300_000;
const STOP_MS = 60_000;
const READY = /^KAFKA_BROKERS=(\S+)$/m;

/** A real Kafka of our own, whose process can be ended, paused and started again on its data. */
export class Broker {
  readonly address: string;
  readonly #options: BrokerOptions;
  #process: Child;

  private constructor(options: BrokerOptions, child: Child, address: string) {
    this.#options = options;
    this.#process = child;
    this.address = address;
  }

  /** @throws {Error} where it does not start: what it said is in its log */
  static async start(options: BrokerOptions): Promise<Broker> {
    mkdirSync(options.dir, { recursive: true });
    const child = launch(options, 0);
    const address = await child.said(READY, START_MS);
    return new Broker(options, child, address);
  }

  /** Ends it, in order or at once, and starts it again where it was. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', awayMs: number): Promise<void> {
    await this.#process.end(signal, STOP_MS);
    await new Promise((done) => setTimeout(done, awayMs));
    this.#process = launch(this.#options, Number(this.address.split(':')[1]));
    await this.#process.said(READY, START_MS);
  }

  pause(): void {
    this.#process.signal('SIGSTOP');
  }

  resume(): void {
    this.#process.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#process.signal('SIGCONT');
    await this.#process.end('SIGTERM', STOP_MS);
  }
}

export interface BrokerOptions {
  readonly processes: Processes;
  /** root of the project */
  readonly root: string;
  readonly dir: string;
}

function launch({ processes, root, dir }: BrokerOptions, port: number): Child {
  return processes.start({
    name: 'broker',
    program: join(root, 'infra/kafka/dev-broker'),
    args: ['--port', String(port), '--data', join(dir, 'data')],
    logFile: join(dir, 'broker.log'),
  });
}
