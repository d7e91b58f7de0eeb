import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';

/** What an HTTP server said. */
export interface Probed {
  readonly status: number;
  /** its clock, by the Date header; null where it sent none */
  readonly dateMs: number | null;
  /** the first 64 KiB */
  readonly text: string;
}

export interface ProbeOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM texts */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly signal: AbortSignal;
}

const TEXT_BYTES = 64 * 1024;

/** One request on a connection of its own, for `tripline doctor`. @throws {ProbeError} where there is no answer */
export async function probeHttp(url: string, options: ProbeOptions): Promise<Probed> {
  const { method = 'GET', headers = {}, body = '', tls = {}, signal } = options;
  const { protocol } = new URL(url);
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const settings = {
    method,
    headers: { 'user-agent': 'tripline doctor', ...headers, ...length },
    agent: false,
    signal,
  };
  const request = protocol === 'https:' ? https.request(url, { ...settings, ...tls }) : http.request(url, settings);
  request.on('error', () => {}); // also after the answer
  try {
    const answered = once(request, 'response');
    request.end(body);
    const [response] = (await answered) as [IncomingMessage];
    const date = Date.parse(response.headers.date ?? '');
    return {
      status: response.statusCode ?? 0,
      dateMs: Number.isNaN(date) ? null : date,
      text: await textOf(response),
    };
  } catch (error) {
    throw new ProbeError(reasonOf(error), { cause: error });
  } finally {
    request.destroy();
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > TEXT_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Nobody answered; the message says why in words, without addresses or secrets. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  readonly code = 'NO_ANSWER';
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ETIMEDOUT: 'no connection',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  EPROTO: 'it does not speak TLS as we do',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is that of another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody that is trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody that is trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by nobody that is trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody that is trusted here',
};

export function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  return REASONS[code ?? ''] ?? (typeof code === 'string' && code !== '' ? `no answer (${code})` : message);
}

/** Null = the port can be taken; else the code of the system, such as EADDRINUSE. It is given back at once. */
export async function portTrouble(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code ?? error);
  } finally {
    await new Promise<void>((done) => server.close(() => done()));
  }
}
