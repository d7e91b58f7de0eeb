import { readFileSync } from 'node:fs';
import type { Server as HttpsServer } from 'node:https';
import { type FastifyInstance, fastify } from 'fastify';
import { HttpError } from './http-error.ts';

/** 50 common attributes of Firehose at their longest, and an access key. */
const HEADER_BYTES = 96 * 1024;
const HEADER_MS = 10_000;
const IDLE_MS = 75_000;
/** Beyond the time of a request, before its connection is cut, ms. */
const GRACE_MS = 5_000;
const CONNECTIONS_A_REQUEST = 8;
const LEAST_CONNECTIONS = 256;
/** How often it is looked whether the certificate was replaced, ms. */
const CERTIFICATE_MS = 60_000;

/** Files in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface ServerLimits {
  readonly tls: TlsFiles | null;
  readonly maxRequests: number;
  readonly timeoutMs: number;
}

/** A server that leaves bodies to its handlers. @throws {HttpError} BAD_CERTIFICATE */
export function listenerServer({ tls, maxRequests, timeoutMs }: ServerLimits): FastifyInstance {
  const common = {
    requestTimeout: timeoutMs + GRACE_MS,
    keepAliveTimeout: IDLE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // each endpoint has its own words for it
    exposeHeadRoutes: false,
  } as const;
  const limits = { maxHeaderSize: HEADER_BYTES };
  const server =
    tls === null
      ? fastify({ ...common, http: limits })
      : secureServer(
          tls,
          (pair) => fastify({ ...common, https: { ...limits, ...pair } }) as unknown as FastifyInstance,
        );
  server.server.headersTimeout = Math.min(HEADER_MS, timeoutMs);
  server.server.maxConnections = Math.max(LEAST_CONNECTIONS, maxRequests * CONNECTIONS_A_REQUEST);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, _payload, done) => done(null));
  return server;
}

/** @throws {HttpError} */
function secureServer(files: TlsFiles, make: (pair: TlsFiles) => FastifyInstance): FastifyInstance {
  const pair = readTls(files);
  try {
    return make(pair);
  } catch (cause) {
    const why = (cause as Error).message.replace(/^error:\w+:/, '');
    throw new HttpError('BAD_CERTIFICATE', `listen.tls: ${files.cert} and ${files.key} cannot be used: ${why}`, {
      cause,
    });
  }
}

/** @throws {HttpError} */
function readTls({ cert, key }: TlsFiles): TlsFiles {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
      throw new HttpError('BAD_CERTIFICATE', `listen.tls: ${file}: ${why}`, { cause });
    }
  };
  return { cert: read(cert), key: read(key) };
}

/** Takes a certificate that was replaced, without a restart; one that does not fit its key is not taken. The result ends it. */
export function followCertificate(
  server: FastifyInstance,
  files: TlsFiles,
  onTrouble: (error: unknown) => void,
): () => void {
  const https = server.server as unknown as HttpsServer;
  let seen = JSON.stringify(readTls(files));
  const timer = setInterval(() => {
    try {
      const tls = readTls(files);
      const now = JSON.stringify(tls);
      if (now === seen) return;
      https.setSecureContext(tls);
      seen = now;
    } catch (error) {
      onTrouble(error);
    }
  }, CERTIFICATE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
