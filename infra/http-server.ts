import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Health } from './health.ts';
import { HttpError } from './http-error.ts';
import type { Metrics } from './metrics.ts';

const REQUEST_MS = 10_000;
/** Nothing here takes a body. */
const BODY_BYTES = 1024;
const PARAMETER_CHARACTERS = 100;

export interface HttpServer {
  /** such as `http://127.0.0.1:9464`, with the port that was got; null where none was asked for */
  readonly url: string | null;
  /** Takes no more requests, answers those under way, then resolves. May be called twice. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** `host:port`; `port` and `:port` mean 127.0.0.1; port 0 = any that is free; null = no server */
  readonly listen: string | null;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  readonly health: Pick<Health, 'report'>;
  /** whether a bearer token lets one read metrics; null = nobody is asked. Health is open to all. */
  readonly isToken: ((candidate: string) => boolean) | null;
}

/**
 * Serves `GET /healthz`, `/readyz` and `/metrics`. By default only this machine reaches it; where others can, `/metrics`
 * asks for a token. @throws {HttpError}
 */
export async function startHttp({ listen, metrics, health, isToken }: HttpOptions): Promise<HttpServer> {
  if (listen === null) return { url: null, close: async () => {} };
  const { host, port } = parseListen(listen);
  const server = serverOf({ metrics, health, isToken });
  try {
    const url = await server.listen({ host, port });
    return { url, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw listenError(listen, error);
  }
}

function serverOf({ metrics, health, isToken }: Omit<HttpOptions, 'listen'>): FastifyInstance {
  const server = fastify({
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    requestTimeout: REQUEST_MS,
    connectionTimeout: REQUEST_MS,
    keepAliveTimeout: REQUEST_MS / 2,
    forceCloseConnections: 'idle', // a scraper that keeps its connection must not hold the end up
  });
  server.addHook('onSend', async (_request, reply) => {
    void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  server.get('/healthz', (_request, reply) => {
    const { isAlive, components } = health.report();
    return answer(reply, isAlive, { status: isAlive ? 'alive' : 'failing', components });
  });
  server.get('/readyz', (_request, reply) => {
    const { isReady, reasons, warnings } = health.report();
    return answer(reply, isReady, { status: isReady ? 'ready' : 'not ready', reasons, warnings });
  });
  server.get('/metrics', async (request, reply) => {
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (isToken === null || isToken(token)) return reply.type(metrics.contentType).send(await metrics.text());
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send({ error: 'metrics are for those who have the token' });
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'not found: there are /healthz, /readyz and /metrics' }),
  );
  return server;
}

const answer = (reply: FastifyReply, isFine: boolean, body: object): FastifyReply =>
  reply.code(isFine ? 200 : 503).send(body);

/** What the system means by its codes. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not open the port; choose one above 1023',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the host name cannot be resolved now',
};

const DEFAULT_HOST = '127.0.0.1';
const LISTEN = /^(?:(\[[\da-fA-F:.%]+\]|[^\s:[\]/]+)?:)?(\d{1,5})$/;

/** `host:port`, `[::1]:port`, `:port` or `port`. @throws {HttpError} BAD_LISTEN */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const [, host = DEFAULT_HOST, port = ''] = LISTEN.exec(listen) ?? [];
  if (port === '' || Number(port) > 65_535)
    throw new HttpError(
      'BAD_LISTEN',
      `cannot listen on ${JSON.stringify(listen)}: not host:port, such as 127.0.0.1:9464`,
    );
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Why an address cannot be listened on. */
export function listenError(listen: string, cause: unknown): HttpError {
  const { code = '', message = String(cause) } = cause as Partial<NodeJS.ErrnoException>;
  if (code === 'EADDRINUSE')
    return new HttpError('PORT_TAKEN', `cannot listen on ${listen}: another program has this port; choose another`, {
      cause,
    });
  return new HttpError('CANNOT_LISTEN', `cannot listen on ${listen}: ${REFUSALS[code] ?? message}`, { cause });
}
