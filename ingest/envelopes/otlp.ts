import { isObject, type JsonObject } from '../formats/log-event.ts';
import { readFunctionArn } from '../identity.ts';

/** The body of an OTLP request is not what its content type says. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
  readonly code = 'BAD_OTLP';
}

export interface OtlpRecord {
  /** NaN = not told */
  readonly timeMs: number;
  /** 1 to 24; 0 = not told */
  readonly severity: number;
  readonly severityText: string;
  readonly body: unknown;
  readonly attributes: JsonObject;
}

export interface OtlpResource {
  readonly attributes: JsonObject;
  readonly records: readonly OtlpRecord[];
}

/** Levels of maps and lists in a body that are read; what is deeper is left out. */
export const OTLP_DEPTH = 16;

/** Lines of the platform, as text formats have them. */
const PLATFORM =
  /^(?:(?:START|END|REPORT) RequestId: \S|(?:INIT|RESTORE)_(?:START|REPORT) [A-Z]|\S{20,40} \S{36} Task timed out after )/;
const STREAM = /\/[^/]*\[[^\]\s]+\]/;
const MAX_NAME = 512;
const PROVIDERS: Readonly<Record<string, string>> = { aws: 'aws', azure: 'azure', gcp: 'gcp' };

/** Whose records they are; null where nothing names a function or a log group. */
interface Owner {
  readonly provider: string;
  readonly account: string;
  readonly region: string;
  readonly group: string;
  /** where a function logs that tells so besides its name; else empty */
  readonly logsTo: string;
  readonly stream: string;
}

/**
 * The records of a resource as a message of the shape that subscriptions have, so that there is one reader for what logs
 * say; null where they belong to no function. By the semantic conventions of OpenTelemetry 1.44 for FaaS and cloud.
 */
export function subscriptionOf({ attributes, records }: OtlpResource): JsonObject | null {
  const owner = ownerOf(attributes, records);
  if (owner === null) return null;
  return {
    messageType: 'DATA_MESSAGE',
    '@cloud.provider': owner.provider,
    '@aws.account': owner.account,
    '@aws.region': owner.region,
    logGroup: owner.group,
    ...(owner.logsTo === '' ? {} : { '@aws.log.group': owner.logsTo }),
    logStream: owner.stream,
    logEvents: records.map((record) => ({
      timestamp: Number.isNaN(record.timeMs) ? null : record.timeMs,
      message: messageOf(record, attributes),
    })),
  };
}

function ownerOf(attributes: JsonObject, records: readonly OtlpRecord[]): Owner | null {
  const inRecords = (name: string) =>
    records.map((record) => text(record.attributes, name)).find((it) => it !== '') ?? '';
  const arn =
    [text(attributes, 'cloud.resource_id'), text(attributes, 'faas.id'), inRecords('aws.lambda.invoked_arn')].find(
      (it) => readFunctionArn(it) !== null,
    ) ?? '';
  const [, , , arnRegion = '', arnAccount = ''] = arn.split(':');
  const provider = PROVIDERS[text(attributes, 'cloud.provider')] ?? 'aws';
  const name = text(attributes, 'faas.name') || (readFunctionArn(arn)?.name ?? '');
  const named = provider === 'aws' ? `/aws/lambda/${name}` : name;
  const told = first(attributes['aws.log.group.names']);
  const group = name === '' ? told : named;
  if (group === '') return null;
  return {
    provider,
    account: text(attributes, 'cloud.account.id') || arnAccount,
    region: text(attributes, 'cloud.region') || text(attributes, 'faas.invoked_region') || arnRegion,
    group,
    logsTo: provider === 'aws' && told !== group ? told : '',
    stream: streamOf(attributes),
  };
}

/** The name of the stream tells the version, too; where it does not, one is made that does. */
function streamOf(attributes: JsonObject): string {
  const stream = text(attributes, 'faas.instance') || first(attributes['aws.log.stream.names']);
  const version = text(attributes, 'faas.version');
  if (version === '' || STREAM.test(stream)) return stream;
  return `1970/01/01/[${version.replace(/[\]\s]/g, '')}]${stream.replace(/[^0-9A-Za-z-]/g, '').slice(-64) || '0'}`;
}

function messageOf(record: OtlpRecord, resource: JsonObject): string {
  const { body, attributes } = record;
  const type = text(attributes, 'type');
  const value = typeof body === 'string' && body.startsWith('{') ? (parsed(body) ?? body) : body;
  // what a function wrote is never a line of the platform, whatever it looks like
  if (type === 'function' || type === 'extension') {
    return JSON.stringify({ type, record: type === 'function' ? application(record, value) : '' });
  }
  if (attributes['faas.invoke_duration'] !== undefined) return JSON.stringify(reportOf(attributes, resource));
  if (isObject(value)) {
    const own = typeof value['type'] === 'string' ? value['type'] : type;
    if (own.startsWith('platform.')) return JSON.stringify('record' in value ? value : { type: own, record: value });
  }
  if (typeof value === 'string' && PLATFORM.test(value)) return value;
  const line = application(record, value);
  return typeof line === 'string' ? line : JSON.stringify(line);
}

/** A line of the function: as it is where nothing is to be said beside it, else as Lambda's own JSON format has it. */
function application({ severity, severityText, attributes }: OtlpRecord, value: unknown): string | JsonObject {
  const errorType = text(attributes, 'exception.type') || text(attributes, 'error.type');
  const level = levelOf(severity, severityText) || (errorType === '' ? '' : 'ERROR');
  const beside: Record<string, unknown> = {};
  if (level !== '') beside['level'] = level;
  const requestId = text(attributes, 'faas.invocation_id') || text(attributes, 'faas.execution');
  if (requestId !== '') beside['requestId'] = requestId;
  if (errorType !== '') beside['errorType'] = errorType;
  const message = text(attributes, 'exception.message');
  if (message !== '') beside['errorMessage'] = message;
  const status = attributes['http.response.status_code'];
  if (typeof status === 'number') beside['status'] = status;
  if (isObject(value)) return { ...beside, ...value };
  const line = typeof value === 'string' ? value : JSON.stringify(value ?? '');
  return Object.keys(beside).length === 0 ? line : { ...beside, message: line };
}

function levelOf(severity: number, severityText: string): string {
  if (!(severity >= 1 && severity <= 24)) return severityText;
  return ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][Math.floor((severity - 1) / 4)]!;
}

/** An invocation told in attributes: durations in seconds, memory in bytes, as the conventions have them. */
function reportOf(attributes: JsonObject, resource: JsonObject): JsonObject {
  const number = (value: unknown, scale: number): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) ? value * scale : undefined;
  const megabytes = 1 / (1024 * 1024);
  const errorType = text(attributes, 'error.type') || text(attributes, 'exception.type');
  return {
    type: 'platform.report',
    record: {
      requestId: text(attributes, 'faas.invocation_id') || text(attributes, 'faas.execution'),
      status: errorType === '' ? 'success' : errorType === 'timeout' ? 'timeout' : 'error',
      ...(errorType === '' || errorType === 'timeout' ? {} : { errorType }),
      metrics: {
        durationMs: number(attributes['faas.invoke_duration'], 1000),
        initDurationMs: number(attributes['faas.init_duration'], 1000),
        memorySizeMB: number(attributes['faas.max_memory'] ?? resource['faas.max_memory'], megabytes),
        maxMemoryUsedMB: number(attributes['faas.mem_usage'], megabytes),
      },
    },
  };
}

function text(attributes: JsonObject, name: string): string {
  const value = attributes[name];
  return typeof value === 'string' ? value.slice(0, MAX_NAME) : '';
}

function first(value: unknown): string {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' ? one.slice(0, MAX_NAME) : '';
}

function parsed(json: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null; // text that begins with a brace
  }
}
