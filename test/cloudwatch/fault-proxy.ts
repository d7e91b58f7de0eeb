import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer, json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../../scenarios/random.ts';
import { FaultPages, type WireEvent, type WirePage } from './fault-pages.ts';
import { type FaultCounts, NO_PROXY_FAULTS, noCounts, type ProxyFaults } from './fault-plan.ts';

/** AWS refuses requests that were signed at a time further from its own, ms. */
const SIGNED_WITHIN_MS = 300_000;
/** Of a page that is cut short: events at most, and log groups. */
const SHORT_EVENTS = 50;
const SHORT_GROUPS = 3;
const TOKENS = 'fault-proxy-';

type Body = Record<string, unknown>;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  /** log events in it */
  readonly events: readonly WireEvent[];
}

export interface FaultProxyOptions {
  /** where the service is: http://HOST:PORT */
  readonly upstream: string;
  readonly seed: number;
  /** log events that went out in an answer that was not broken off */
  readonly onDelivered?: (logGroup: string, events: readonly WireEvent[]) => void;
}

/**
 * Stands between an AWS SDK and a service that plays CloudWatch Logs, and does what AWS does on a bad day: throttles, fails,
 * breaks connections off, takes its time, sends pages that are empty or short or in any order, shows events twice or late, and
 * has a clock of its own, by which it refuses signatures. What it may do is in `faults`, what it did in `counts`.
 */
export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #random: Random;
  readonly #pages: FaultPages;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  /** since when its clock goes wrong and right in turn, ms; NaN = from the next request on */
  #clockMs = Number.NaN;
  /** what was asked for where an empty page was sent, by its token */
  readonly #owed = new Map<string, Body>();
  #tokens = 0;
  faults: ProxyFaults = NO_PROXY_FAULTS;
  readonly counts: FaultCounts = noCounts();
  /** by action: FilterLogEvents, … */
  readonly requests = new Map<string, number>();

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#random = new Random('fault proxy', options.seed);
    this.#pages = new FaultPages(this.counts, options.seed);
    this.#server = createServer((incoming, response) => {
      this.#take(incoming, response).catch(() => response.destroy());
    });
  }

  /** Its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** How far the clock of the service is ahead of ours, ms. */
  get skewMs(): number {
    const { skewMs, skewEveryMs } = this.faults;
    if (skewEveryMs === 0) return skewMs;
    const step = Math.floor((Date.now() - this.#clockMs) / skewEveryMs) % 4;
    return [0, skewMs, 0, -skewMs][step] ?? 0;
  }

  /** Its clock is right for a while from the next request on: who comes anew hears the right time first. */
  setClock(): void {
    this.#clockMs = Number.NaN;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = String(incoming.headers['x-amz-target']).replace(/^Logs_20140328\./, '');
    this.requests.set(action, (this.requests.get(action) ?? 0) + 1);
    const body = (await json(incoming)) as Body;
    if (Number.isNaN(this.#clockMs)) this.#clockMs = Date.now();
    const { faults, counts } = this;
    const isHit = (rate: number): boolean => this.#random.chance(rate);
    if (isHit(faults.resetBefore)) {
      counts.resetBefore++;
      resetConnection(response);
      return;
    }
    const answer = this.#refusal(incoming) ?? (await this.#ask(action, body, incoming));
    if (isHit(faults.slow)) {
      counts.slow++;
      await wait(this.#random.between(...faults.slowMs));
    }
    if (response.destroyed) return; // nobody waits for it any more
    this.#send(response, answer, answer.status === 200 && isHit(faults.resetWithin));
    const { onDelivered } = this.#options;
    if (answer.events.length > 0 && onDelivered !== undefined)
      response.once('finish', () => onDelivered(String(body['logGroupName']), answer.events));
  }

  /** What is answered without asking the service. */
  #refusal(incoming: IncomingMessage): Answer | null {
    const { faults, counts } = this;
    const nowMs = Date.now() + this.skewMs;
    const signedMs = signedAt(String(incoming.headers['x-amz-date']));
    if (!(Math.abs(signedMs - nowMs) <= SIGNED_WITHIN_MS)) {
      counts.skewRefused++;
      const [what, how, bound] =
        signedMs < nowMs ? ['expired', 'now earlier', '-'] : ['not yet current', 'still later', '+'];
      const limitMs = nowMs + (signedMs < nowMs ? -SIGNED_WITHIN_MS : SIGNED_WITHIN_MS);
      const [signed, limit, now] = [signedMs, limitMs, nowMs].map(stampOf);
      const why = `Signature ${what}: ${signed} is ${how} than ${limit} (${now} ${bound} 5 min.)`;
      return failure(400, 'InvalidSignatureException', why);
    }
    if (this.#random.chance(faults.throttled)) {
      counts.throttled++;
      return failure(400, 'ThrottlingException', 'Rate exceeded');
    }
    if (!this.#random.chance(faults.serverError)) return null;
    counts.serverError++;
    const kind = this.#random.integer(0, 2);
    if (kind === 0) return failure(500, 'InternalFailure', 'An internal error occurred.');
    if (kind === 1) return failure(503, 'ServiceUnavailableException', 'The service cannot complete the request.');
    const html = Buffer.from('<html><body><h1>502 Bad Gateway</h1></body></html>');
    return { status: 502, type: 'text/html', body: html, events: [] }; // from what stands before the service
  }

  async #ask(action: string, sent: Body, incoming: IncomingMessage): Promise<Answer> {
    const { faults, counts } = this;
    const isEvents = action === 'FilterLogEvents';
    if (!isEvents && action !== 'DescribeLogGroups') return await this.#forward(sent, incoming);
    const token = typeof sent['nextToken'] === 'string' ? sent['nextToken'] : null;
    const asked = token === null ? sent : (this.#owed.get(token) ?? sent);
    if (this.#random.chance(faults.empty)) {
      counts.empty++;
      const nextToken = `${TOKENS}${++this.#tokens}`;
      this.#owed.set(nextToken, asked);
      return success(isEvents ? { events: [], searchedLogStreams: [], nextToken } : { logGroups: [], nextToken });
    }
    const isShort = this.#random.chance(faults.short);
    const limit = isShort ? this.#random.integer(1, isEvents ? SHORT_EVENTS : SHORT_GROUPS) : null;
    const answer = await this.#forward(
      {
        ...asked,
        ...(limit !== null && { limit: Math.min(limit, Number(asked['limit'] ?? limit)) }),
        // AWS does so always since 2019, moto only where it is asked to: in the order of time over all streams
        ...(isEvents && { interleaved: true }),
      },
      incoming,
    );
    if (answer.status !== 200) return answer;
    const page = JSON.parse(answer.body.toString()) as Body;
    if (isShort && typeof page['nextToken'] === 'string') counts.short++;
    if (!isEvents) return answer;
    const askedToken = typeof asked['nextToken'] === 'string' ? asked['nextToken'] : null;
    const changed = this.#pages.change(page as unknown as WirePage, askedToken, faults, Date.now());
    return { ...success(changed), events: changed.events };
  }

  /** @throws {Error} where the service does not answer */
  async #forward(sent: Body, incoming: IncomingMessage): Promise<Answer> {
    const body = JSON.stringify(sent);
    const { host: _, connection: __, ...headers } = incoming.headers;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method: 'POST', agent: this.#agent };
      const outgoing = request(this.#options.upstream, {
        ...options,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      });
      outgoing.once('response', resolve).once('error', reject).end(body);
    });
    const type = response.headers['content-type'] ?? 'application/x-amz-json-1.1';
    return { status: response.statusCode ?? 502, type, body: await buffer(response), events: [] };
  }

  #send(response: ServerResponse, { status, type, body }: Answer, isBrokenOff: boolean): void {
    const { skewMs } = this;
    if (skewMs !== 0) this.counts.skewedDate++;
    response.writeHead(status, {
      'content-type': type,
      'content-length': body.length,
      date: new Date(Date.now() + skewMs).toUTCString(),
    });
    if (!isBrokenOff) {
      response.end(body);
      return;
    }
    this.counts.resetWithin++;
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => resetConnection(response));
  }
}

/** 20261123T165353Z, as signed requests say it. */
function signedAt(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

const stampOf = (ms: number): string =>
  Number.isNaN(ms) ? 'it' : new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');

function success(body: unknown): Answer {
  return { status: 200, type: 'application/x-amz-json-1.1', body: Buffer.from(JSON.stringify(body)), events: [] };
}

function failure(status: number, type: string, message: string): Answer {
  return { ...success({ __type: type, message }), status };
}

function resetConnection({ socket }: { readonly socket: Socket | null }): void {
  socket?.resetAndDestroy();
}
