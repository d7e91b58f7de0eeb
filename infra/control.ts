import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { type ControlCard, claimCard, readCards, remove, showCard } from './control-socket.ts';
import { linesOf } from './store-lines.ts';

/**
 * How commands talk to a running process: a socket in its state folder that only its owner can open. A request is one line
 * of JSON, `{"token", "op", …}`; the answer is lines of JSON: `{"item"}` any number of times, then `{"end":true}` or
 * `{"error"}`. Nothing here listens on the network.
 */
export interface ControlRequest {
  readonly op: string;
  readonly [argument: string]: unknown;
}

export interface ControlReply {
  /** False = the reader is behind and the item was not sent: count it, and say so later. */
  offer(item: unknown): boolean;
  /** Sends whatever the reader does; resolves when there is room again. */
  send(item: unknown): Promise<void>;
  /** the reader went away, or this process ends */
  readonly signal: AbortSignal;
}

export type ControlHandler = (request: ControlRequest, reply: ControlReply) => Promise<void>;

/** The process refuses what it was asked, or cannot be asked; the message says why. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: 'NOT_RUNNING' | 'REFUSED';

  constructor(code: ControlError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const MOST_CONNECTIONS = 32;
const MAX_REQUEST_BYTES = 64 * 1024;
const REQUEST_MS = 5000;
/** An answer that nobody reads takes no more memory than this. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * Answers the commands of this user until the returned function is called. Keeps no process alive.
 * @throws what the operating system says where there can be no socket in the folder
 */
export async function serveControl(
  stateDir: string,
  name: string,
  handle: ControlHandler,
): Promise<() => Promise<void>> {
  const { card, file } = claimCard(stateDir, name);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy()); // the reader went away: nothing to tell it
    if (open.size > MOST_CONNECTIONS) socket.destroy();
    else void converse(socket, card.token, handle).catch(() => socket.destroy());
  });
  await listen(server, card);
  showCard(card, file);
  server.unref();
  return async () => {
    remove(card, file);
    for (const socket of open) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
  };
}

async function listen(server: Server, card: ControlCard): Promise<void> {
  server.listen(card.path);
  await once(server, 'listening'); // rejects on 'error'
  if (!card.path.startsWith('\\\\')) chmodSync(card.path, 0o600);
}

/** One request a connection. */
async function converse(socket: Socket, token: string, handle: ControlHandler): Promise<void> {
  const gone = new AbortController();
  socket.on('close', () => gone.abort());
  try {
    const request = parseRequest(await readLine(socket), token);
    socket.resume(); // so that an end is noticed
    await handle(request, replyTo(socket, gone.signal));
    write(socket, { end: true });
  } catch (error) {
    write(socket, { error: error instanceof Error ? error.message : String(error) });
  }
  socket.end();
}

const write = (socket: Socket, line: unknown): boolean => socket.destroyed || socket.write(`${JSON.stringify(line)}\n`);

function replyTo(socket: Socket, signal: AbortSignal): ControlReply {
  return {
    signal,
    offer(item) {
      if (socket.destroyed || socket.writableLength > MAX_WAITING_BYTES) return false;
      write(socket, { item });
      return true;
    },
    async send(item) {
      if (!write(socket, { item })) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    },
  };
}

async function readLine(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  const timer = setTimeout(() => socket.destroy(), REQUEST_MS);
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += chunk as string;
      if (text.length > MAX_REQUEST_BYTES) throw new ControlError('REFUSED', 'the request is longer than 64 KiB');
      if (text.includes('\n')) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return text;
}

function parseRequest(line: string, token: string): ControlRequest {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    throw new ControlError('REFUSED', 'not a request: one line of JSON');
  }
  const { op, token: shown } = (request ?? {}) as { op?: unknown; token?: unknown };
  if (typeof shown !== 'string' || !isSame(shown, token))
    throw new ControlError('REFUSED', 'not the token of this process');
  if (typeof op !== 'string') throw new ControlError('REFUSED', 'not a request: op is missing');
  return request as ControlRequest;
}

function isSame(shown: string, token: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A running process that can be asked. */
export interface ControlPeer {
  readonly pid: number;
  readonly name: string;
  /**
   * What it answers, item by item, until it has said all or `signal`.
   * @throws {ControlError} REFUSED: what it says of a request that it does not take; NOT_RUNNING: it ended meanwhile
   */
  ask<Item>(request: ControlRequest, signal?: AbortSignal): AsyncGenerator<Item, void>;
  close(): void;
}

/** The processes of this host that run on this state folder and answer, connected; `close` each. */
export async function connectPeers(stateDir: string): Promise<ControlPeer[]> {
  const peers = await Promise.all(readCards(stateDir).map(({ card }) => connectPeer(card)));
  return peers.filter((peer) => peer !== null);
}

async function connectPeer(card: ControlCard): Promise<ControlPeer | null> {
  const socket = createConnection(card.path);
  try {
    await once(socket, 'connect'); // rejects on 'error'
  } catch {
    return null; // of a process that died
  }
  socket.on('error', () => socket.destroy());
  return {
    pid: card.pid,
    name: card.name,
    ask: (request, signal) => ask(socket, card, request, signal),
    close: () => socket.destroy(),
  };
}

async function* ask<Item>(
  socket: Socket,
  card: ControlCard,
  request: ControlRequest,
  signal?: AbortSignal,
): AsyncGenerator<Item, void> {
  const stop = () => socket.destroy();
  signal?.addEventListener('abort', stop);
  try {
    socket.write(`${JSON.stringify({ ...request, token: card.token })}\n`);
    for await (const line of linesOf(socket)) {
      const answer = JSON.parse(line) as { item?: Item; end?: true; error?: string };
      if (answer.end === true) return;
      if (answer.error !== undefined) throw new ControlError('REFUSED', answer.error);
      yield answer.item as Item;
    }
    throw new ControlError('NOT_RUNNING', `process ${card.pid} ended before it had answered`);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}
