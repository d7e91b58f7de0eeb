import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  /** path and query */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly request: Received;
  readonly status: number;
  /** when the request had arrived whole, wall clock, ms */
  readonly atMs: number;
}

/** What goes wrong with one request. `lost-answer`: it was handled, and the connection is cut before the answer. */
export type Fault =
  | Reply
  | 'reset'
  | 'lost-answer'
  | 'silence'
  | 'slow-drip'
  | 'huge-body'
  | 'endless-headers'
  | 'not-http'
  | 'cut-body';

export interface Receiver {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** every request, those that met a fault too */
  readonly received: readonly Received[];
  /** what was answered, in order; faults were not */
  readonly answered: readonly Answered[];
  /** The next requests meet these, one each. */
  fail(...faults: Fault[]): void;
  close(): Promise<void>;
}

/** An HTTP server on a free port of this machine that records what it gets. */
export async function openReceiver(answer: (request: Received) => Reply): Promise<Receiver> {
  const received: Received[] = [];
  const answered: Answered[] = [];
  const faults: Fault[] = [];
  const replyTo = (request: Received, response: ServerResponse, answer: Reply) => {
    answered.push({ request, status: answer.status, atMs: Date.now() });
    reply(response, answer);
  };
  const server = createServer((incoming, response) => {
    void readRequest(incoming).then((request) => {
      received.push(request);
      const fault = faults.shift();
      if (fault === undefined) replyTo(request, response, answer(request));
      else if (typeof fault === 'object') replyTo(request, response, fault);
      else misbehave(fault, response, () => answer(request));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answered,
    fail: (...more) => void faults.push(...more),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = '', url: path = '', headers } = incoming;
  return { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
}

function reply(response: ServerResponse, { status, headers = {}, body = '' }: Reply): void {
  response.writeHead(status, headers).end(body);
}

const DRIP_MS = 20;

function misbehave(fault: Exclude<Fault, Reply>, response: ServerResponse, answer: () => Reply): void {
  const { socket } = response;
  switch (fault) {
    case 'silence':
      return;
    case 'reset':
      return void socket?.resetAndDestroy();
    case 'lost-answer':
      answer();
      return void socket?.destroy();
    case 'not-http':
      return void socket?.end('SSH-2.0-OpenSSH_9.6\r\n');
    case 'endless-headers':
      return void socket?.write(`HTTP/1.1 200 OK\r\n${'x-padding: 0123456789\r\n'.repeat(5000)}`);
    case 'huge-body':
      response.writeHead(200);
      pour(response);
      return;
    case 'cut-body':
      response.writeHead(200, { 'content-length': '1000' }).write('{"ok":');
      return void setTimeout(() => socket?.destroy(), DRIP_MS);
    case 'slow-drip': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), DRIP_MS);
      response.on('close', () => clearInterval(drip));
    }
  }
}

/** For as long as anybody drinks. */
function pour(response: ServerResponse): void {
  const piece = 'x'.repeat(65_536);
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

/** The JSON object in a body, or null. */
export function objectIn(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as never) : null;
  } catch {
    return null;
  }
}

/** Whether a header says that the body is JSON. */
export const isJson = ({ headers }: Received): boolean => /^application\/json\b/.test(String(headers['content-type']));

/** Lets one through each `everyMs`, and `burst` at once; returns the seconds that the others have to wait. */
export function limiter(everyMs: number, burst: number, nowMs: () => number): () => number {
  let fullAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = nowMs();
    const waitMs = fullAtMs - now - (burst - 1) * everyMs;
    if (waitMs > 0) return Math.ceil(waitMs / 1000);
    fullAtMs = Math.max(fullAtMs, now) + everyMs;
    return 0;
  };
}
