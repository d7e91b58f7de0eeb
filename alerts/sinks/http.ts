import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { bareName, type Guard, guardOf } from './address.ts';

/** Most answers are short words; whoever sends more is not listened to. */
const TEXT_BYTES = 64 * 1024;
const HEADER_BYTES = 16 * 1024;
const LONGEST_RETRY_AFTER_MS = 3600 * 1000;

export interface HttpRequest {
  readonly method?: 'POST' | 'GET';
  /** http or https, without name and password */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** whether the answer's text is needed when it has this status; else nothing but the status is waited for */
  readonly wantsText?: (status: number, contentType: string) => boolean;
  /** most of the text that is read; 64 KiB unless told otherwise */
  readonly textBytes?: number;
}

/** How a request ended. Texts name the host, never a path, a query, a header or an address. */
export type HttpAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** empty where it was not wanted */
      readonly text: string;
      /** false = there was more than `textBytes`, or it did not come in time */
      readonly isWhole: boolean;
      /** what `Retry-After` asks for, 0 to an hour; 0 where it does not */
      readonly retryAfterMs: number;
      /** the clock of the host, ms since 1970, where it tells it */
      readonly dateMs?: number;
    }
  /** no answer: it may have arrived or not */
  | { readonly kind: 'failed'; readonly why: string }
  /** the host has an address that must not be reached; nothing was sent */
  | { readonly kind: 'forbidden'; readonly why: string };

export interface HttpOptions {
  /** for all of it: name, connection, request and answer */
  readonly timeoutMs: number;
  /** hosts that may have private addresses */
  readonly allowPrivate: readonly string[];
}

export interface HttpDeps {
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
  /** all addresses of a host name; the system's unless told otherwise */
  readonly resolve?: (hostname: string) => Promise<readonly LookupAddress[]>;
}

/** @throws AbortError by the signal, nothing else */
export type Http = (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;

class ForbiddenAddress extends Error {}

/**
 * One request on a connection of its own: no redirect is followed, no connection kept (one that went stale would lose a
 * page, or send it twice). The address that is checked is the address that is connected to.
 */
export function openHttp(
  { timeoutMs, allowPrivate }: HttpOptions,
  { nowMs, resolve = systemAddresses }: HttpDeps,
): Http {
  const guard = guardOf(allowPrivate);
  const lookup = guardedLookup(guard, resolve);
  return async (request, signal) => {
    signal.throwIfAborted();
    const url = new URL(request.url);
    const host = url.host;
    const literal = bareName(url.hostname);
    if (isIP(literal) !== 0 && !guard(literal, literal)) return forbidden(literal);
    const end = new AbortController();
    const stop = () => end.abort();
    const timer = setTimeout(stop, timeoutMs);
    signal.addEventListener('abort', stop);
    try {
      const answer = await exchange(url, request, { lookup, nowMs, signal: end.signal });
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ForbiddenAddress) return forbidden(literal);
      const why = end.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : troubleOf(error);
      return { kind: 'failed', why: `${host}: ${why}` };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  };
}

const forbidden = (host: string): HttpAnswer => ({
  kind: 'forbidden',
  why: `${host} has an address that is not public; if that is meant, allow it by name: allowPrivate: ["${host}"]`,
});

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

const systemAddresses = (hostname: string): Promise<LookupAddress[]> => systemLookup(hostname, { all: true });

/** For `net.connect`: one address that must not be reached taints them all. */
function guardedLookup(guard: Guard, resolve: NonNullable<HttpDeps['resolve']>) {
  return (hostname: string, { all }: LookupOptions, callback: Callback): void => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
        else if (!addresses.every(({ address }) => guard(hostname, address))) callback(new ForbiddenAddress(), '');
        else if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, ''),
    );
  };
}

interface Exchange {
  readonly lookup: ReturnType<typeof guardedLookup>;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

async function exchange(url: URL, request: HttpRequest, { lookup, nowMs, signal }: Exchange): Promise<HttpAnswer> {
  const { method = 'POST', headers = {}, body = '', wantsText = () => false } = request;
  const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: { 'user-agent': 'tripline', ...headers, 'content-length': String(Buffer.byteLength(body)) },
    agent: false,
    lookup: lookup as never, // the declared type knows one form of the two
    maxHeaderSize: HEADER_BYTES,
    signal,
  });
  outgoing.on('error', () => {}); // also after the answer: it needs no hearing of its own then
  try {
    const answered = once(outgoing, 'response');
    outgoing.end(body);
    const [response] = (await answered) as [IncomingMessage];
    const status = response.statusCode ?? 0;
    const dateMs = Date.parse(response.headers.date ?? '');
    const retryAfterMs = retryAfter(response.headers['retry-after'], Number.isNaN(dateMs) ? nowMs() : dateMs);
    const { text, isWhole } = wantsText(status, response.headers['content-type'] ?? '')
      ? await textOf(response, request.textBytes ?? TEXT_BYTES)
      : { text: '', isWhole: true };
    return { kind: 'answer', status, text, isWhole, retryAfterMs, ...(!Number.isNaN(dateMs) && { dateMs }) };
  } finally {
    outgoing.destroy();
  }
}

async function textOf(response: IncomingMessage, mostBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let isWhole = true;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes) {
        isWhole = false;
        break;
      }
      chunks.push(chunk);
    }
  } catch {
    isWhole = false; // cut, or too slow: the status is known all the same
  }
  return { text: Buffer.concat(chunks).toString('utf8'), isWhole };
}

/** Seconds, or a date; what is neither asks for nothing. @param nowMs by the clock of who answered, where it tells it */
export function retryAfter(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : /[A-Za-z]{3}/.test(text) ? Date.parse(text) - nowMs : 0;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

const UNTRUSTED = 'its certificate is signed by nobody that is trusted here';
/** What the system and TLS mean by their codes: their own texts carry addresses. */
const TROUBLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be resolved now',
  ETIMEDOUT: 'no connection',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  EPROTO: 'does not speak TLS as we do',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is that of another host',
};

function troubleOf(error: unknown): string {
  const { name, code } = error as Partial<NodeJS.ErrnoException>;
  if (name === 'TypeError' || name === 'RangeError') throw error; // a bug of ours
  if (typeof code !== 'string' || !/^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return 'the request failed';
  return `${TROUBLE[code] ?? (code.startsWith('HPE_') ? 'does not speak HTTP' : 'the request failed')} (${code})`;
}
