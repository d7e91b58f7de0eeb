import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { StoreError, type StoreErrorCode } from './store-error.ts';
import { linesOf } from './store-lines.ts';
import type { QueryFormat, QueryParams } from './store-query.ts';

/** One line of JSON from a reader. The answer is lines of JSON as well: `{"text"}` any number of times, then `{"end":true}` or `{"error"}`. */
export interface ReadRequest {
  readonly sql: string;
  readonly format: QueryFormat;
  readonly params: QueryParams;
}
type Reply =
  | { readonly text: string }
  | { readonly end: true }
  | { readonly error: { readonly code: StoreErrorCode; readonly message: string } };

type Answer = (request: ReadRequest) => Promise<Readable>;

const MAX_REQUEST_BYTES = 1 << 20;
/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const MAX_PATH_BYTES = 100;

const socketFile = (dir: string): string => join(resolve(dir), 'tripline.sock');
const pointerFile = (dir: string): string => join(resolve(dir), 'tripline.sock.path');

/**
 * Answers the reading statements of other processes of this user until the returned function is called. Only the holder
 * of the store may call it: a socket found there is of a dead process and is removed.
 */
export async function serveReaders(dir: string, answer: Answer): Promise<() => Promise<void>> {
  removeSocket(dir);
  const path = choosePath(dir);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy()); // the reader went away: nothing to tell it
    void converse(socket, answer).catch(() => socket.destroy());
  });
  await listen(server, path);
  server.unref(); // serving readers keeps no process alive
  return async () => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
    removeSocket(dir);
  };
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening'); // rejects on 'error'
  chmodSync(path, 0o600);
}

/** In the folder, or where that path is too long in a private temporary folder that a file of the store's names. */
function choosePath(dir: string): string {
  const path = socketFile(dir);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  const elsewhere = join(mkdtempSync(join(tmpdir(), 'tripline-')), 'tripline.sock');
  writeFileSync(pointerFile(dir), elsewhere, { mode: 0o600 });
  return elsewhere;
}

function removeSocket(dir: string): void {
  const pointed = pointedPath(dir);
  if (pointed !== null && /[/\\]tripline-[^/\\]+[/\\]tripline\.sock$/.test(pointed))
    rmSync(dirname(pointed), { recursive: true, force: true });
  rmSync(pointerFile(dir), { force: true });
  rmSync(socketFile(dir), { force: true });
}

function pointedPath(dir: string): string | null {
  try {
    return readFileSync(pointerFile(dir), 'utf8');
  } catch {
    return null;
  }
}

/** One request a connection. */
async function converse(socket: Socket, answer: Answer): Promise<void> {
  try {
    const answerText = await answer(parseRequest(await readLine(socket)));
    answerText.setEncoding('utf8');
    for await (const text of answerText) await send(socket, { text: text as string });
    await send(socket, { end: true });
  } catch (error) {
    const code = error instanceof StoreError ? error.code : 'STORE_FAILED';
    await send(socket, { error: { code, message: error instanceof Error ? error.message : String(error) } });
  }
  socket.end();
}

async function send(socket: Socket, reply: Reply): Promise<void> {
  if (socket.destroyed) throw new Error('the reader went away');
  if (!socket.write(`${JSON.stringify(reply)}\n`)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
}

async function readLine(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk as string;
    if (text.length > MAX_REQUEST_BYTES) throw new StoreError('BAD_QUERY', 'the query is longer than 1 MB');
    if (text.includes('\n')) break;
  }
  return text;
}

function parseRequest(line: string): ReadRequest {
  const { sql, format, params } = JSON.parse(line) as Partial<ReadRequest>;
  if (typeof sql !== 'string' || (format !== 'json' && format !== 'cells'))
    throw new StoreError('BAD_QUERY', 'not a request: sql or format is missing');
  return { sql, format, params: typeof params === 'object' && params !== null ? params : {} };
}

/** A process serves the readers of `dir`. */
export async function answers(dir: string): Promise<boolean> {
  const socket = await connect(dir);
  socket?.destroy();
  return socket !== null;
}

/** Asks the process that holds the store in `dir`; null where none answers there. @throws {StoreError} what it answers */
export async function askHolder(dir: string, request: ReadRequest): Promise<Readable | null> {
  const socket = await connect(dir);
  if (socket === null) return null;
  socket.write(`${JSON.stringify(request)}\n`);
  const replies = texts(socket);
  const first = await replies.next(); // errors of the query come out here, as they do without a socket
  return Readable.from(rest(first, replies), { objectMode: false });
}

async function connect(dir: string): Promise<Socket | null> {
  const socket = createConnection(pointedPath(dir) ?? socketFile(dir));
  try {
    await once(socket, 'connect'); // rejects on 'error'
    socket.on('error', () => socket.destroy()); // later ones end the answer
    return socket;
  } catch {
    return null;
  }
}

async function* rest(
  first: IteratorResult<string, void>,
  more: AsyncGenerator<string, void>,
): AsyncGenerator<string, void> {
  if (first.done !== true) yield first.value;
  yield* more;
}

async function* texts(socket: Socket): AsyncGenerator<string, void> {
  try {
    for await (const line of linesOf(socket)) {
      const reply = JSON.parse(line) as Reply;
      if ('end' in reply) return;
      if ('error' in reply) throw new StoreError(reply.error.code, reply.error.message);
      yield reply.text;
    }
    throw new StoreError('STORE_FAILED', 'the process that holds the store ended before it had answered');
  } finally {
    socket.destroy();
  }
}
