import { ByteTable } from './byte-table.ts';
import { asciiText } from './envelopes/text-bytes.ts';
import { type Dictionary, type FunctionIdentity, functionKey } from './fragment.ts';
import { newRequestId, type RequestId } from './request-id.ts';

/** What a log group's name says: it belongs to one function, is the shared group of Lambda Insights, or leaves it to the stream. */
export interface LogGroup {
  /** `aws` unless a record of another cloud told the function */
  readonly provider: string;
  readonly kind: 'function' | 'insights' | 'other';
  readonly account: string | null;
  readonly region: string | null;
  /** the function's name, for kind `function`; empty where no group is known; else null */
  readonly name: string | null;
  /** what the group itself is called where that is not told by the function's name; else empty */
  readonly ownName: string;
  /** number of this object, part of the key of its streams */
  readonly number: number;
}

/** One log stream, which is one execution environment, and what its lines have told so far. */
export interface LogStream {
  readonly group: LogGroup;
  /** dictionary numbers; 0 = unknown. `fn` may be learnt from a line (`functionName`, `functionArn`) in a custom group. */
  fn: number;
  version: number;
  stream: number;
  /** dictionary number of the log group where functions share it or chose it; 0 = `/aws/lambda/NAME`, or none */
  logGroup: number;
  /** the invocation that started and has not reported, all zero = none */
  readonly open: RequestId;
  /** the runtime is a durable execution's: its invocations are replays */
  durable: boolean;
  /** Managed Instances: requests interleave and carry no bill */
  managed: boolean;
}

const FUNCTION_GROUP = '/aws/lambda/';
/** CloudFront Functions have names of their own, apart from those of Lambda functions in us-east-1 */
const EDGE_SCRIPT_GROUP = '/aws/cloudfront/function/';
const EDGE_SCRIPT = 'cloudfront/';
/** Lambda@Edge runs everywhere, and logs under this name into the region where it ran: it is one function, of us-east-1 */
const EDGE = 'us-east-1.';
const EDGE_REGION = 'us-east-1';
const INSIGHTS_GROUP = '/aws/lambda-insights';
/** `2020/06/09/[$LATEST]b249…`, in a custom group `2025/05/06/name[$LATEST]6163…` with or without brackets round the hex */
const STREAM = /^\d{4}\/\d{1,2}\/\d{1,2}\/([^[\]/\s]{0,140})\[([^\]\s]{1,64})\]\[?([0-9A-Za-z-]{1,64})\]?$/;
const FUNCTION_ARN = /^arn:[\w-]+:lambda:[\w-]*:\d*:function:([\w.-]{1,140})(?::([\w$-]{1,64}))?$/;
/** The folder that an export task gives a stream: its name with dashes for slashes */
const EXPORTED_STREAM = /(?:^|[\\/])(\d{4})-(\d{1,2})-(\d{1,2})-([^\\/]*\[[^\\/\s]+)[\\/][^\\/]+$/;
/** What CloudWatch allows a group to be called */
const GROUP_NAME = /^[\w./#-]{1,512}$/;
const MAX_GROUPS = 1 << 19;
const MAX_STREAMS = 1 << 17;
const MAX_NAME = 512;

export const looksLikeStream = (text: string): boolean => STREAM.test(text);

/** The log stream that a file of an S3 export holds, told by its folder; empty for any other file. */
export function exportedStream(origin: string): string {
  const [, year, month, day, rest] = EXPORTED_STREAM.exec(origin) ?? [];
  const name = `${year}/${month}/${day}/${rest}`;
  return rest !== undefined && looksLikeStream(name) ? name : '';
}

/** Name and version in a function's ARN; null if it is none. Region and account are left out: all sources must agree on who a function is. */
export function readFunctionArn(arn: string): { name: string; version: string | null } | null {
  const match = FUNCTION_ARN.exec(arn);
  return match === null ? null : { name: match[1] ?? '', version: match[2] ?? null };
}

/**
 * Log groups and streams by name. Bounded: past the limit the oldest quarter is forgotten, which costs the memory of
 * open invocations of environments not heard of for long, never an identity.
 */
export class Identities {
  #dictionary: Dictionary;
  readonly #groups = new Map<string, LogGroup>();
  readonly #streams = new Map<string, LogStream>();
  readonly #groupByBytes = new ByteTable<LogGroup>();
  readonly #streamByBytes = new ByteTable<LogStream>();
  readonly #streamByHead = new ByteTable<LogStream>();
  #groupCount = 0;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /** Streams keep what they know, by the numbers of another dictionary. About 0.5 µs a stream remembered. */
  renew(dictionary: Dictionary): void {
    const before = this.#dictionary;
    const moved = (id: number) => dictionary.id(before.text(id));
    for (const stream of this.#streams.values()) {
      stream.fn = moved(stream.fn);
      stream.version = moved(stream.version);
      stream.stream = moved(stream.stream);
      stream.logGroup = moved(stream.logGroup);
      stream.open.text = moved(stream.open.text);
    }
    this.#dictionary = dictionary;
  }

  /** @param logsTo the group that functions of this name log into, where a source tells both */
  group(account: string | null, region: string | null, name: string, provider = 'aws', logsTo = ''): LogGroup {
    const ownName = GROUP_NAME.test(logsTo) ? logsTo : '';
    const own = ownName === '' ? '' : `\n${ownName}`;
    const key = `${provider === 'aws' ? '' : `${provider}\n`}${account ?? ''}\n${region ?? ''}\n${name}${own}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (forgetOldest(this.#groups, MAX_GROUPS)) this.#forgetBytes();
      const number = ++this.#groupCount;
      group =
        provider === 'aws'
          ? { ...newGroup(account, region, name.slice(0, MAX_NAME), number), ...(own === '' ? {} : { ownName }) }
          : {
              provider,
              kind: 'function',
              account: keyPart(account),
              region: keyPart(region),
              name: printable(name).slice(0, MAX_NAME),
              ownName: '',
              number,
            };
      this.#groups.set(key, group);
    }
    return group;
  }

  stream(group: LogGroup, name: string): LogStream {
    const key = `${group.number}\n${name}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (forgetOldest(this.#streams, MAX_STREAMS)) this.#forgetBytes();
      stream = this.#newStream(group, name.slice(0, MAX_NAME));
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** A function told by name alone, as Lambda Insights does in a group shared by all: no environment is known. */
  named(group: LogGroup, name: string, version: string): LogStream {
    const key = `${group.number}\n\n${name}\n${version}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (forgetOldest(this.#streams, MAX_STREAMS)) this.#forgetBytes();
      const fn = this.functionNumber(group, name);
      const versionNumber = this.#dictionary.id(version.slice(0, MAX_NAME));
      stream = {
        group,
        fn,
        version: versionNumber,
        stream: 0,
        logGroup: 0, // not where the function writes
        open: newRequestId(),
        durable: false,
        managed: false,
      };
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** A function of another cloud, as its record tells it; `instance` is the environment it ran in. About 0.3 µs. */
  ofCloud(who: FunctionIdentity, version: string, instance: string): LogStream {
    const name = printable(who.name).slice(0, MAX_NAME);
    const group = this.group(keyPart(who.account), keyPart(who.region), name, who.provider);
    const key = `${group.number}\n${version}\n${instance}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (forgetOldest(this.#streams, MAX_STREAMS)) this.#forgetBytes();
      const text = (part: string) => this.#dictionary.id(part.slice(0, MAX_NAME));
      const fn = this.functionNumber(group, name);
      stream = {
        group,
        fn,
        version: text(version),
        stream: text(instance),
        logGroup: 0,
        open: newRequestId(),
        durable: false,
        managed: false,
      };
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** The group remembered under plain bytes (ASCII, no escapes) and an owner given as a number; undefined on first sight. */
  findGroup(view: DataView, from: number, to: number, owner: number): LogGroup | undefined {
    return this.#groupByBytes.get(view, from, to, owner);
  }

  rememberGroup(view: DataView, from: number, to: number, owner: number, group: LogGroup): void {
    this.#groupByBytes.add(view, from, to, owner, group);
  }

  /** The stream remembered under plain bytes that hold group and stream, and an owner given as a number. */
  findStream(view: DataView, from: number, to: number, owner: number): LogStream | undefined {
    return this.#streamByHead.get(view, from, to, owner);
  }

  rememberStream(view: DataView, from: number, to: number, owner: number, stream: LogStream): void {
    this.#streamByHead.add(view, from, to, owner, stream);
  }

  /** `stream` for plain bytes. */
  streamOfBytes(group: LogGroup, view: DataView, from: number, to: number): LogStream {
    let stream = this.#streamByBytes.get(view, from, to, group.number);
    if (stream === undefined) {
      stream = this.stream(group, asciiText(view, from, to));
      this.#streamByBytes.add(view, from, to, group.number, stream);
    }
    return stream;
  }

  /** A line told the function's name, in a group whose name does not: believed for the rest of the stream. */
  learn(stream: LogStream, name: string): void {
    if (stream.group.kind === 'function' || name === '') return;
    stream.fn = this.functionNumber(stream.group, name);
  }

  functionNumber({ provider, account, region }: LogGroup, name: string): number {
    return this.#dictionary.id(functionKey({ provider, account, region, name: name.slice(0, MAX_NAME) }));
  }

  #forgetBytes(): void {
    this.#groupByBytes.clear();
    this.#streamByBytes.clear();
    this.#streamByHead.clear();
  }

  #newStream(group: LogGroup, name: string): LogStream {
    const match = STREAM.exec(name);
    const ownName = group.kind === 'function' ? group.name : group.kind === 'other' ? (match?.[1] ?? null) : null;
    return {
      group,
      fn: ownName === null || ownName === '' ? 0 : this.functionNumber(group, ownName),
      version: this.#dictionary.id(match?.[2] ?? ''),
      stream: this.#dictionary.id(name),
      logGroup: this.#dictionary.id(group.ownName),
      open: newRequestId(),
      durable: false,
      managed: false,
    };
  }
}

function newGroup(account: string | null, region: string | null, name: string, number: number): LogGroup {
  const provider = 'aws';
  if (name === INSIGHTS_GROUP) return { provider, kind: 'insights', account, region, name: null, ownName: '', number };
  if (name.startsWith(EDGE_SCRIPT_GROUP) && name.length > EDGE_SCRIPT_GROUP.length) {
    const script = EDGE_SCRIPT + name.slice(EDGE_SCRIPT_GROUP.length);
    return { provider, kind: 'function', account, region: EDGE_REGION, name: script, ownName: '', number };
  }
  const own = name.startsWith(FUNCTION_GROUP) ? name.slice(FUNCTION_GROUP.length) : '';
  return {
    provider,
    kind: own === '' ? 'other' : 'function',
    account,
    region: own.startsWith(EDGE) ? EDGE_REGION : region,
    name: own === '' ? (name === '' ? '' : null) : own,
    ownName: own === '' && GROUP_NAME.test(name) ? name : '',
    number,
  };
}

/** Whether a group is that of a CloudFront Function. */
export const isEdgeScript = ({ provider, name }: LogGroup): boolean =>
  provider === 'aws' && name !== null && name.startsWith(EDGE_SCRIPT);

/** Only the name may hold a slash in a function's key, and `-` stands for unknown. */
function keyPart(part: string | null): string | null {
  return part === null || part === '' ? null : printable(part).replaceAll('/', '_').slice(0, MAX_NAME);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f]/g, '_');

/** Makes room in insertion order; true if anything was forgotten. */
function forgetOldest(map: Map<string, unknown>, limit: number): boolean {
  if (map.size < limit) return false;
  let excess = limit >> 2;
  for (const key of map.keys()) {
    if (excess-- === 0) break;
    map.delete(key);
  }
  return true;
}
