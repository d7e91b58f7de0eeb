import type { IncomingHttpHeaders } from 'node:http';
import type { Answer, Endpoint } from '../../infra/listener.ts';
import { Refusal, type RequestBody } from '../../infra/listener-body.ts';
import { OtlpError, type OtlpResource, subscriptionOf } from '../../ingest/envelopes/otlp.ts';
import { readOtlpJson } from '../../ingest/envelopes/otlp-json.ts';
import { otlpResponse, otlpStatus, readOtlpProtobuf } from '../../ingest/envelopes/otlp-protobuf.ts';
import { excerptOf } from '../../ingest/redact.ts';
import { type Intake, NotSafeError } from './listen-intake.ts';
import { Turns } from './turns.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const BEARER = /^Bearer +(\S+)$/i;
const ORIGIN = 'otlp';
const UNOWNED = 'log record of no function';
const WHY_UNOWNED = 'records whose resource has neither faas.name nor aws.log.group.names belong to no function';
const WHY_UNREADABLE = 'records that cannot be read are kept among the rejects, with the reason';
/** Codes of gRPC by status. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14 };
const INTERNAL = 13;

export interface OtlpOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** null = nobody is asked for one */
  readonly isToken: ((candidate: string) => boolean) | null;
  readonly intake: Intake;
}

/** Logs by OTLP/HTTP 1.x, protobuf and JSON. */
export function otlpEndpoint({ path, maxBytes, isToken, intake }: OtlpOptions): Endpoint {
  return {
    path,
    maxBytes,
    authenticate({ authorization }) {
      if (isToken === null) return;
      if (authorization === undefined) throw new Refusal(401, 'no bearer token');
      if (!isToken(BEARER.exec(authorization)?.[1] ?? ''))
        throw new Refusal(401, 'the bearer token is not one of ours');
    },
    async handle(headers, body) {
      const type = typeOf(headers);
      if (type !== PROTOBUF && type !== JSON_TYPE)
        throw new Refusal(415, `content-type must be ${PROTOBUF} or ${JSON_TYPE}`);
      const { rejected, why } = await take(await read(type, body), intake);
      return { status: 200, contentType: type, body: responseOf(type, rejected, why) };
    },
    refused({ status, message }, headers): Answer {
      const isJson = typeOf(headers) === JSON_TYPE;
      const code = CODES[status] ?? INTERNAL;
      return {
        status,
        contentType: isJson ? JSON_TYPE : PROTOBUF,
        body: isJson ? Buffer.from(JSON.stringify({ code, message })) : otlpStatus(code, message),
        ...(status === 401 && { headers: { 'www-authenticate': 'Bearer' } }),
      };
    },
  };
}

const typeOf = (headers: IncomingHttpHeaders): string =>
  (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

function responseOf(type: string, rejected: number, errorMessage: string): Uint8Array {
  if (type === PROTOBUF) return otlpResponse(rejected, errorMessage);
  const partialSuccess = { rejectedLogRecords: String(rejected), errorMessage }; // int64 is text in JSON
  return Buffer.from(JSON.stringify(rejected === 0 ? {} : { partialSuccess }));
}

/** @throws {Refusal} */
async function read(type: string, body: RequestBody): Promise<OtlpResource[]> {
  const bytes = await body.whole();
  try {
    return type === PROTOBUF ? readOtlpProtobuf(bytes) : readOtlpJson(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof OtlpError) throw new Refusal(400, `the body cannot be read: ${error.message}`);
    throw error;
  }
}

/** @throws {Refusal} 503 */
async function take(resources: readonly OtlpResource[], intake: Intake): Promise<{ rejected: number; why: string }> {
  const ticket = intake.begin('otlp');
  const turns = new Turns();
  let unowned = 0;
  let unreadable = 0;
  try {
    for (const resource of resources) {
      const message = resource.records.length === 0 ? null : subscriptionOf(resource);
      if (message !== null) {
        const bytes = Buffer.from(JSON.stringify(message));
        unreadable += intake.read('otlp', bytes, ORIGIN, {}, Number.NaN).rejects;
      } else if (resource.records.length > 0) {
        unowned += resource.records.length;
        const excerpt = excerptOf(JSON.stringify({ resource: resource.attributes, first: resource.records[0] }));
        intake.reject({ reason: UNOWNED, origin: ORIGIN, offset: 0, line: null, excerpt });
      }
      if (await turns.taken()) await intake.room();
    }
    await intake.commit(ticket);
  } catch (error) {
    if (error instanceof NotSafeError) throw new Refusal(503, 'cannot be made safe now', 1);
    throw error;
  } finally {
    intake.end('otlp');
  }
  const why = [unowned > 0 ? WHY_UNOWNED : '', unreadable > 0 ? WHY_UNREADABLE : ''].filter((it) => it !== '');
  return { rejected: unowned + unreadable, why: why.join('; ') };
}
