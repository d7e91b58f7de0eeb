import { isIP } from 'node:net';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { count, HostPort, milliseconds, text } from './config-shapes.ts';
import { readNamed } from './config-store.ts';

/** What Firehose sends as `X-Amz-Firehose-Access-Key` at most, bytes; a token is held to the same. */
const KEY_BYTES = 4096;
const secret = z
  .string()
  .min(1)
  .refine((key) => Buffer.byteLength(key) <= KEY_BYTES, `more than ${KEY_BYTES} bytes`);
const OneOrMore = <T extends z.ZodType>(item: T) =>
  z.preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(item).min(1));
const path = (fallback: string) =>
  z
    .string()
    .regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, 'not a path, such as /firehose')
    .refine((it) => it !== '/healthz', 'is taken by the health check')
    .default(fallback)
    .describe('path of the endpoint');

const oneOf = (key: string, keyFile: string) => ({ path: [key], error: `give ${key} or ${keyFile}, one of them` });

const Firehose = z
  .strictObject({
    path: path('/firehose'),
    accessKey: OneOrMore(secret).optional().describe('access key of the delivery stream; a list while one replaces another'),
    accessKeyFile: OneOrMore(z.string().min(1)).optional().describe('files that hold an access key each'),
  })
  .refine((it) => it.accessKey === undefined || it.accessKeyFile === undefined, oneOf('accessKey', 'accessKeyFile')); // biome-ignore format: one option a line reads as a table

const Otlp = z
  .strictObject({
    path: path('/v1/logs'),
    token: OneOrMore(secret).optional().describe('bearer token of the exporters; a list while one replaces another'),
    tokenFile: OneOrMore(z.string().min(1)).optional().describe('files that hold a token each'),
  })
  .refine((it) => it.token === undefined || it.tokenFile === undefined, oneOf('token', 'tokenFile'));

/** Who sends logs to us over HTTP. */
export const Listen = z
  .strictObject({
    address: HostPort.default('127.0.0.1:8443').describe('host:port; port 0 takes any that is free'),
    tls: z.strictObject({ cert: text('file of our certificate and its chain, PEM'), key: text('file of its key, PEM') }).optional(),
    insecure: z.boolean().default(false).describe('no TLS or no keys all the same: something before us sees to it'),
    firehose: Firehose.optional().describe('takes what a Firehose delivery stream sends'),
    otlp: Otlp.optional().describe('takes logs by OTLP/HTTP'),
    maxBodyMb: count(1, 256, 64, 'largest body, unpacked, MiB'),
    maxInFlightMb: count(1, 65_536, 256, 'bodies under way, all together, MiB; beyond it senders are asked to come again'),
    maxRequests: count(1, 100_000, 64, 'requests under way at a time'),
    requestsPerSecond: count(1, 1_000_000, 200, 'requests a second of one address; as many again in a burst'),
    timeoutMs: milliseconds(1000, 170_000, 30_000, 'how long a request may take until it is safe on the bus'),
  })
  .refine((it) => it.firehose !== undefined || it.otlp !== undefined, 'give firehose or otlp: what is to be taken')
  .refine((it) => it.firehose?.path !== it.otlp?.path || it.otlp === undefined, { path: ['otlp', 'path'], error: 'is the path of firehose' })
  .refine((it) => it.insecure || it.tls !== undefined || isLocal(it.address), {
    path: ['address'],
    error: 'others can reach it: give tls, or insecure: true where a proxy before us ends TLS',
  })
  .superRefine((it, context) => {
    if (it.insecure) return;
    const { firehose, otlp } = it;
    if (firehose !== undefined && (firehose.accessKey ?? firehose.accessKeyFile) === undefined)
      context.addIssue({ code: 'custom', path: ['firehose'], message: 'give accessKey or accessKeyFile (or insecure: true, where something before us knows who calls)' });
    if (otlp !== undefined && (otlp.token ?? otlp.tokenFile) === undefined)
      context.addIssue({ code: 'custom', path: ['otlp'], message: 'give token or tokenFile (or insecure: true, where something before us knows who calls)' });
  }); // biome-ignore format: one option a line reads as a table

export type ListenSettings = z.infer<typeof Listen>;

/** True where only this machine can reach `host:port`; a port alone is of this machine. */
export function isLocal(hostPort: string): boolean {
  const host = hostPort
    .slice(0, Math.max(0, hostPort.lastIndexOf(':')))
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return host === '' || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The keys as they are compared, without the line feed that ends a file; empty = nobody is asked. @throws {ConfigError} */
export function keysOf(
  name: string,
  keys: readonly string[] | undefined,
  files: readonly string[] | undefined,
): string[] {
  if (files === undefined) return [...(keys ?? [])];
  return files.map((file) => {
    const key = readNamed(name, file).replace(/\r?\n$/, '');
    if (key === '' || Buffer.byteLength(key) > KEY_BYTES)
      throw new ConfigError([`${name}: ${file}: ${key === '' ? 'is empty' : `holds more than ${KEY_BYTES} bytes`}`]);
    return key;
  });
}
