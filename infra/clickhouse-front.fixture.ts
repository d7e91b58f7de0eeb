import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openEmbedded, type Sessions } from './clickhouse.ts';

/**
 * ClickHouse's HTTP interface, as much of it as the client uses, in front of the embedded engine in `dir`: the requests
 * of a server's client on a real wire, without a server. A request with readonly=1 goes to the read-only session;
 * `seen` collects the settings and databases asked for.
 */
export async function startFront(dir: string): Promise<{ url: string; seen: Set<string>; close(): Promise<void> }> {
  const sessions = await openEmbedded(dir);
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    void respond(sessions, seen, request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await sessions.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close };
}

async function respond(
  sessions: Sessions,
  seen: Set<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { searchParams } = new URL(request.url ?? '/', 'http://front');
  const params: Record<string, string> = {};
  for (const [name, value] of searchParams) {
    if (name.startsWith('param_')) params[name.slice('param_'.length)] = unescaped(value);
    else if (name !== 'query' && name !== 'query_id') seen.add(`${name}=${value}`);
  }
  const body = await text(request);
  const query = searchParams.get('query');
  const session = searchParams.get('readonly') === '1' ? sessions.reader : sessions.writer;
  try {
    const sql = query === null ? body : `${query}\n${body}`;
    const { stream } = await session.exec({ query: sql, query_params: params });
    response.end(await text(stream));
  } catch (error) {
    const { cause, message } = error as Error;
    response.statusCode = 400;
    response.end(cause instanceof Error ? cause.message : message);
  }
}

/** On the wire a parameter is escaped as a tab-separated value; the embedded engine's binder escapes it itself. */
function unescaped(value: string): string {
  const plain: Record<string, string> = { t: '\t', n: '\n', r: '\r', 0: '\0', b: '\b', f: '\f' };
  return value.replace(/\\(.)/gs, (_, char: string) => plain[char] ?? char);
}
