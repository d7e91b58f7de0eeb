import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { openEmbedded, type Sessions } from '../clickhouse.ts';
import { type FaultCounts, FaultPlan, type Faults } from './front-faults.ts';

/**
 * ClickHouse's HTTP interface, as much of it as the client uses, in front of the embedded engine: the requests of a
 * server's client on a real wire, without a server. Its faults can be switched while it runs.
 */
export interface Front {
  readonly url: string;
  /** Settings and databases that requests asked for, as `name=value`. */
  readonly seen: ReadonlySet<string>;
  readonly counts: FaultCounts;
  /** Changes what is named and leaves the rest. Resolves when the port is closed, or open again. */
  setFaults(faults: Partial<Faults>): Promise<void>;
  /** Whom it answers from now on. */
  setLogin(login: Login): void;
  close(): Promise<void>;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface FrontOptions {
  readonly faults?: Partial<Faults>;
  /** 0 = any free one */
  readonly port?: number;
  /** null = everybody is answered */
  readonly login?: Login;
  /** PEM; given, it speaks https. With `ca`, only with those whose certificate that signed. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** What becomes of a statement before the engine gets it. */
  readonly rewrite?: (sql: string) => string;
}

/** Opens the engine in `dir` and answers on 127.0.0.1. One front a folder, and one folder a process. */
export async function startFront(dir: string, options: FrontOptions = {}): Promise<Front> {
  const front = new HttpFront(await openEmbedded(dir), options);
  await front.listen(options.port ?? 0);
  await front.setFaults(options.faults ?? {});
  return front;
}

class HttpFront implements Front {
  readonly seen = new Set<string>();
  readonly #sessions: Sessions;
  readonly #options: FrontOptions;
  readonly #plan = new FaultPlan();
  readonly #server: Server;
  #login: Login | null;
  #port = 0;

  constructor(sessions: Sessions, options: FrontOptions) {
    this.#sessions = sessions;
    this.#options = options;
    this.#login = options.login ?? null;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#respond(request, response).catch(() => response.destroy());
    };
    const { tls } = options;
    this.#server =
      tls === undefined ? createServer(answer) : createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, answer);
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  get counts(): FaultCounts {
    return this.#plan.counts;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((done, failed) => {
      this.#server.once('error', failed);
      this.#server.listen(port, '127.0.0.1', done);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async setFaults(faults: Partial<Faults>): Promise<void> {
    this.#plan.set(faults);
    const { away } = this.#plan.faults;
    if (away && this.#server.listening) await this.#hangUp();
    else if (!away && !this.#server.listening) await this.listen(this.#port);
  }

  setLogin(login: Login): void {
    this.#login = login;
  }

  async close(): Promise<void> {
    await this.#hangUp();
    await this.#sessions.close();
  }

  /** As when the process dies: no listener, and every connection is reset. */
  async #hangUp(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? '/', 'http://front');
    const body = await text(request);
    if (!this.#knows(request)) {
      refuse(response, 403, 'Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)');
      return;
    }
    const query = searchParams.get('query');
    const fault = this.#plan.next(query ?? body);
    if (fault === 'hang') return;
    if (fault === 'error') {
      refuse(response, 500, 'Code: 252. DB::Exception: Too many parts (injected). (TOO_MANY_PARTS)');
      return;
    }
    const params = this.#parameters(searchParams);
    const session = searchParams.get('readonly') === '1' ? this.#sessions.reader : this.#sessions.writer;
    const rewrite = this.#options.rewrite ?? ((sql: string) => sql);
    try {
      const { stream } = await session.exec({
        query: rewrite(query ?? body),
        query_params: params,
        ...(query !== null && body !== '' && { values: Readable.from([Buffer.from(body)], { objectMode: false }) }),
      });
      const answer = await text(stream);
      if (fault === 'applied then reset') request.socket.destroy();
      else if (fault === 'applied then error')
        refuse(response, 500, 'Code: 319. DB::Exception: Unknown status (injected). (UNKNOWN_STATUS_OF_INSERT)');
      else response.end(answer);
    } catch (error) {
      const { cause, message } = error as Error;
      refuse(response, 400, cause instanceof Error ? cause.message : message);
    }
  }

  #parameters(searchParams: URLSearchParams): Record<string, string> {
    const params: Record<string, string> = {};
    for (const [name, value] of searchParams) {
      if (name.startsWith('param_')) params[name.slice('param_'.length)] = unescaped(value);
      else if (name !== 'query' && name !== 'query_id') this.seen.add(`${name}=${value}`);
    }
    return params;
  }

  #knows({ headers }: IncomingMessage): boolean {
    if (this.#login === null) return true;
    const { user, password } = this.#login;
    return headers.authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  response.end(message);
}

/** On the wire a parameter is escaped as a tab-separated value; the embedded engine's binder escapes it itself. */
function unescaped(value: string): string {
  const plain: Record<string, string> = { t: '\t', n: '\n', r: '\r', 0: '\0', b: '\b', f: '\f' };
  return value.replace(/\\(.)/gs, (_, char: string) => plain[char] ?? char);
}
