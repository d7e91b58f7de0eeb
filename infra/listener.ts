import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { listenError, parseListen } from './http-server.ts';
import { InFlight, Refusal, RequestBody } from './listener-body.ts';
import { followCertificate, listenerServer, type TlsFiles } from './listener-server.ts';
import { RequestRate } from './request-rate.ts';

const HEALTH_PATH = '/healthz';

export interface Answer {
  readonly status: number;
  /** exactly as it is sent */
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Endpoint {
  readonly path: string;
  /** of a body, unpacked */
  readonly maxBytes: number;
  /** Before anything of the body is read. @throws {Refusal} 401, 403 */
  authenticate(headers: IncomingHttpHeaders): void;
  /** Resolves when what was sent is safe. @throws {Refusal} */
  handle(headers: IncomingHttpHeaders, body: RequestBody): Promise<Answer>;
  /** A refusal in the words of those who call this endpoint. */
  refused(refusal: Refusal, headers: IncomingHttpHeaders): Answer;
}

export interface ListenerOptions {
  /** `host:port`; port 0 = any that is free */
  readonly address: string;
  readonly tls: TlsFiles | null;
  readonly maxInFlightBytes: number;
  readonly maxRequests: number;
  /** of one address */
  readonly requestsPerSecond: number;
  readonly timeoutMs: number;
  /** after each request to an endpoint */
  readonly onRequest: (path: string, status: number, ms: number) => void;
  /** what went wrong in here while a request was answered with 500, or with the certificate */
  readonly onTrouble: (error: unknown) => void;
}

export interface Listener {
  /** such as `https://127.0.0.1:8443`, with the port that was got */
  readonly url: string;
  /** New requests are refused with 503; resolves when those under way are answered. May be called twice. */
  close(): Promise<void>;
}

interface State {
  readonly inFlight: InFlight;
  readonly rate: RequestRate;
  requests: number;
  isClosing: boolean;
}

/**
 * Serves `POST` on the paths of the endpoints, each request authenticated and held to the limits, and `GET /healthz`,
 * which tells nothing but that somebody is there. @throws {HttpError}
 */
export async function startListener(options: ListenerOptions, endpoints: readonly Endpoint[]): Promise<Listener> {
  const { host, port } = parseListen(options.address);
  const server = listenerServer(options);
  const state: State = {
    inFlight: new InFlight(options.maxInFlightBytes),
    rate: new RequestRate(options.requestsPerSecond, () => performance.now()),
    requests: 0,
    isClosing: false,
  };
  addRoutes(server, options, state, endpoints);
  const unfollow = options.tls === null ? () => {} : followCertificate(server, options.tls, options.onTrouble);
  let end: Promise<void> | null = null;
  const close = () => {
    state.isClosing = true;
    unfollow();
    end ??= server.close();
    return end;
  };
  try {
    return { url: await server.listen({ host, port }), close };
  } catch (error) {
    await close();
    throw listenError(options.address, error);
  }
}

function addRoutes(server: FastifyInstance, options: ListenerOptions, state: State, endpoints: readonly Endpoint[]) {
  server.get(HEALTH_PATH, (_request, reply) =>
    send(reply, state, textAnswer(state.isClosing ? 503 : 200, state.isClosing ? 'closing' : 'alive')),
  );
  for (const endpoint of endpoints) {
    server.post(endpoint.path, async (request, reply) => {
      const startedMs = performance.now();
      const answer = await answerTo(request, options, state, endpoint);
      options.onRequest(endpoint.path, answer.status, performance.now() - startedMs);
      return send(reply, state, answer);
    });
    server.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: endpoint.path,
      handler: (_request, reply) => send(reply.header('allow', 'POST'), state, textAnswer(405, 'this path takes POST')),
    });
  }
  server.setNotFoundHandler((_request, reply) => send(reply, state, textAnswer(404, 'not found')));
}

function send(reply: FastifyReply, state: State, answer: Answer): FastifyReply {
  const headers = { ...answer.headers, 'content-type': answer.contentType, 'cache-control': 'no-store' };
  if (state.isClosing || answer.status === 408) reply.header('connection', 'close');
  return reply.code(answer.status).headers(headers).send(answer.body);
}

async function answerTo(
  { raw, headers, ip }: FastifyRequest,
  options: ListenerOptions,
  state: State,
  endpoint: Endpoint,
): Promise<Answer> {
  const body = new RequestBody(raw, {
    encoding: headers['content-encoding']?.toLowerCase(),
    announcedBytes: Number(headers['content-length'] ?? Number.NaN),
    maxBytes: endpoint.maxBytes,
    inFlight: state.inFlight,
  });
  try {
    if (state.isClosing) throw new Refusal(503, 'shutting down', 1);
    const waitMs = state.rate.take(ip);
    if (waitMs > 0) throw new Refusal(429, 'too many requests of this address', Math.ceil(waitMs / 1000));
    endpoint.authenticate(headers);
    if (state.requests >= options.maxRequests) throw new Refusal(503, 'too many requests are under way', 1);
    return await handled(body, headers, options, state, endpoint);
  } catch (error) {
    if (!(error instanceof Refusal)) options.onTrouble(error);
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'this went wrong in here; it is in the log');
    const answer = endpoint.refused(refusal, headers);
    if (refusal.retryAfterS === 0) return answer;
    return { ...answer, headers: { ...answer.headers, 'retry-after': String(refusal.retryAfterS) } };
  } finally {
    if (!raw.readableEnded && !raw.destroyed) raw.resume(); // to its end, so that the answer is heard
  }
}

/** What takes too long is refused, and may still come to its end: whoever sends it again is told so then. */
async function handled(
  body: RequestBody,
  headers: IncomingHttpHeaders,
  options: ListenerOptions,
  state: State,
  endpoint: Endpoint,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(body.isComing ? new Refusal(408, 'the body took too long') : new Refusal(503, 'not safe in time', 1)),
      options.timeoutMs,
    );
  });
  state.requests++;
  const work = (async () => {
    try {
      body.check();
      return await endpoint.handle(headers, body);
    } finally {
      state.requests--;
      body.release();
    }
  })();
  work.catch(() => {}); // where it was late nobody waits for it any more
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const textAnswer = (status: number, message: string): Answer => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(status < 300 ? { status: message } : { error: message })),
});
