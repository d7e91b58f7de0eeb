import { z } from 'zod';
import { hostName } from '../alerts/sinks/address.ts';
import { Secret } from '../alerts/sinks/secret.ts';
import { ConfigError } from './config-error.ts';
import { milliseconds, text } from './config-shapes.ts';
import { readNamed } from './config-store.ts';
import { urlProblem } from './destination-rules.ts';

/** A dead man's switch: somebody outside is told that all is well, and tells people when that stops. */
export const Heartbeat = z
  .strictObject({
    url: z
      .string('not a text')
      .min(1, 'is empty')
      .transform((url) => new Secret(url.trim()))
      .optional()
      .describe('is asked with GET; whoever has it may say that all is well'),
    urlFile: text('file that holds it').optional(),
    everyMs: milliseconds(1000, 3_600_000, 60_000, 'between two pings'),
    aliveMs: milliseconds(10_000, 24 * 3_600_000, 300_000, 'event time must have gone on within so long, or no ping is sent'),
    timeoutMs: milliseconds(100, 120_000, 10_000, 'how long an answer may take'),
    allowPrivate: z
      .array(z.string().refine((host) => hostName(host) !== null, 'not the name of a host, without scheme, port and path'))
      .default([])
      .describe('hosts that may have addresses that are not public'),
  })
  .superRefine((it, context) => {
    if ((it.url === undefined) === (it.urlFile === undefined))
      context.addIssue({ code: 'custom', path: ['url'], message: 'give url or urlFile, one of them' });
    const problem = it.url === undefined ? null : urlProblem(it.url.reveal(), it);
    if (problem !== null) context.addIssue({ code: 'custom', path: ['url'], message: problem });
  }); // biome-ignore format: one option a line reads as a table

export type HeartbeatSettings = z.infer<typeof Heartbeat>;

/** Where to ping. @throws {ConfigError} where a file that holds it cannot be read or holds something else */
export function heartbeatUrl({ url, urlFile, allowPrivate }: HeartbeatSettings): Secret {
  if (url !== undefined) return url;
  const found = readNamed('heartbeat.urlFile', urlFile as string).trim();
  const problem = urlProblem(found, { allowPrivate });
  if (problem !== null) throw new ConfigError([`heartbeat.urlFile: ${urlFile}: ${problem}`]);
  return new Secret(found);
}
