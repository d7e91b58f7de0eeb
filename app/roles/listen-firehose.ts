import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gunzipSync, gunzip as unpack } from 'node:zlib';
import type { Answer, Endpoint } from '../../infra/listener.ts';
import { Refusal, type RequestBody } from '../../infra/listener-body.ts';
import { type FirehoseBody, FirehoseBodyError, FirehoseBodyReader } from '../../ingest/envelopes/firehose.ts';
import { excerptOf } from '../../ingest/redact.ts';
import type { Origin } from '../parts.ts';
import { type Intake, NotSafeError } from './listen-intake.ts';
import { Repeats } from './repeats.ts';
import { Turns } from './turns.ts';

const PROTOCOL = '1.0';
const MAX_ID = 1024;
const MAX_ATTRIBUTE = 512;
/** What AWS takes of our words. */
const MAX_MESSAGE = 8192;
const ARN = /^arn:[\w-]+:firehose:([a-z\d-]{1,40}):(\d{12}):deliverystream\/[\w.-]{1,64}$/;
/** What a record may unpack to, and all of a request, bytes. */
const RECORD_BYTES = 64 * 1024 * 1024;
const REQUEST_BYTES = 1024 * 1024 * 1024;
/** Smaller ones are unpacked at once: another thread would take longer to be asked, bytes. */
const SMALL_BYTES = 16 * 1024;

export interface FirehoseOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** null = nobody is asked for one */
  readonly isKey: ((candidate: string) => boolean) | null;
  readonly intake: Intake;
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
}

/** What Firehose delivers to an HTTP endpoint, by the contract that AWS documents (protocol version 1.0). */
export function firehoseEndpoint({ path, maxBytes, isKey, intake, nowMs }: FirehoseOptions): Endpoint {
  const repeats = new Repeats();
  return {
    path,
    maxBytes,
    authenticate(headers) {
      if (isKey === null) return;
      const key = header(headers, 'x-amz-firehose-access-key');
      if (key === '') throw new Refusal(401, 'X-Amz-Firehose-Access-Key is missing');
      if (!isKey(key)) throw new Refusal(403, 'X-Amz-Firehose-Access-Key is not one of ours');
    },
    async handle(headers, body) {
      const defaults = defaultsOf(headers);
      const requestId = requestIdOf(headers);
      const stream = header(headers, 'x-amz-firehose-source-arn');
      await repeats.once(`${stream}\n${requestId}`, () => take(requestId, defaults, body, intake));
      return answer(200, requestId, nowMs(), null);
    },
    refused: ({ status, message }, headers) =>
      answer(status, header(headers, 'x-amz-firehose-request-id').slice(0, MAX_ID), nowMs(), message),
  };
}

function answer(status: number, requestId: string, timestamp: number, errorMessage: string | null): Answer {
  const said = errorMessage === null ? {} : { errorMessage: errorMessage.slice(0, MAX_MESSAGE) };
  const body = Buffer.from(JSON.stringify({ requestId, timestamp: Math.trunc(timestamp), ...said }));
  return { status, contentType: 'application/json', body };
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** @throws {Refusal} */
function requestIdOf(headers: IncomingHttpHeaders): string {
  const version = header(headers, 'x-amz-firehose-protocol-version');
  if (version !== PROTOCOL) throw new Refusal(400, `X-Amz-Firehose-Protocol-Version is not ${PROTOCOL}`);
  const type = header(headers, 'content-type').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new Refusal(415, 'content-type must be application/json');
  const requestId = header(headers, 'x-amz-firehose-request-id');
  if (requestId === '' || requestId.length > MAX_ID)
    throw new Refusal(400, 'X-Amz-Firehose-Request-Id is missing or too long');
  return requestId;
}

/** Whose lines they are where they do not tell: by the stream's common attributes, else by its ARN. @throws {Refusal} */
function defaultsOf(headers: IncomingHttpHeaders): Origin {
  const [, region, account] = ARN.exec(header(headers, 'x-amz-firehose-source-arn')) ?? [];
  const given = header(headers, 'x-amz-firehose-common-attributes');
  const attributes = given === '' ? {} : attributesIn(given);
  const named = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === 'string' && value !== '' ? value.slice(0, MAX_ATTRIBUTE) : undefined;
  };
  return {
    logGroup: named('logGroup'),
    account: named('account') ?? account,
    region: named('region') ?? region,
  };
}

function attributesIn(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const attributes = (value as { commonAttributes?: unknown } | null)?.commonAttributes;
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    throw new Refusal(400, 'X-Amz-Firehose-Common-Attributes is not {"commonAttributes":{…}}');
  return attributes as Record<string, unknown>;
}

async function take(requestId: string, defaults: Origin, body: RequestBody, intake: Intake): Promise<void> {
  const sent = await read(body);
  if (sent.requestId !== requestId) throw new Refusal(400, 'requestId is not that of X-Amz-Firehose-Request-Id');
  const ticket = intake.begin('firehose');
  try {
    await enter(sent, defaults, intake);
    await intake.commit(ticket);
  } catch (error) {
    if (error instanceof NotSafeError) throw new Refusal(503, 'cannot be made safe now', 1);
    throw error;
  } finally {
    intake.end('firehose');
  }
}

/** All of it or nothing: a request that is broken must leave nothing behind. @throws {Refusal} */
async function read(body: RequestBody): Promise<FirehoseBody> {
  const reader = new FirehoseBodyReader();
  try {
    for await (const chunk of body.chunks()) reader.push(chunk);
    return reader.end();
  } catch (error) {
    if (error instanceof FirehoseBodyError) throw new Refusal(400, `the body cannot be read: ${error.message}`);
    throw error;
  }
}

async function enter(sent: FirehoseBody, defaults: Origin, intake: Intake): Promise<void> {
  const turns = new Turns();
  let leftBytes = REQUEST_BYTES;
  for (const [i, record] of sent.records.entries()) {
    const origin = `firehose ${sent.requestId} #${i}`;
    const reject = (reason: string, text = '') =>
      intake.reject({ reason, origin, offset: 0, line: null, excerpt: excerptOf(text) });
    if (typeof record === 'string') {
      reject('record data is not base64', record);
      continue;
    }
    const bytes = isGzip(record) ? await unpacked(record, Math.min(leftBytes, RECORD_BYTES)) : record;
    if (typeof bytes === 'string') {
      reject(bytes);
      continue;
    }
    leftBytes -= bytes.length;
    intake.read('firehose', bytes, origin, defaults, sent.timestampMs);
    if (await turns.taken()) await intake.room();
  }
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
const unpackApart = promisify(unpack) as (bytes: Uint8Array, options: object) => Promise<Buffer>;

/** What was packed, or why it cannot be had. */
async function unpacked(bytes: Uint8Array, mostBytes: number): Promise<Uint8Array | string> {
  if (mostBytes <= 0) return 'request unpacks to too much';
  const options = { maxOutputLength: mostBytes };
  try {
    return bytes.length <= SMALL_BYTES ? gunzipSync(bytes, options) : await unpackApart(bytes, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return 'record unpacks to too much';
    if (code === 'Z_BUF_ERROR') return 'truncated gzip';
    if (typeof code === 'string') return 'damaged gzip';
    throw error;
  }
}
