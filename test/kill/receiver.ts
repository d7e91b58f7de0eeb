import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../../scenarios/random.ts';

/** A request as it came, and what became of it. */
export interface Received {
  readonly key: string;
  readonly body: string;
  /** false = it was answered with a failure, or not at all */
  readonly isTaken: boolean;
}

export interface ReceiverOptions {
  readonly delayMs: number;
  /** share of the requests that fail before, or after, they are noted */
  readonly failing: number;
  readonly random: Random;
}

/** A web hook on this machine that notes everything, answers late, and now and then wrongly or not at all. */
export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #options: ReceiverOptions;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      text(request).then(
        async (body) => {
          const { delayMs, failing, random } = this.#options;
          await wait(delayMs);
          const isFailing = random.unit() < failing;
          const key = String(request.headers['webhook-id']);
          this.received.push({ key, body, isTaken: !isFailing });
          if (!isFailing) response.writeHead(204).end();
          else if (random.unit() < 0.5) response.writeHead(503).end();
          else request.socket.destroy(); // taken in, and never answered
        },
        () => {}, // the sender was killed in the middle of its request
      );
    });
  }

  static async open(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** first of each key that was taken, in the order in which they were */
  get taken(): ReadonlyMap<string, string> {
    const taken = new Map<string, string>();
    for (const { key, body, isTaken } of this.received) if (isTaken && !taken.has(key)) taken.set(key, body);
    return taken;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
