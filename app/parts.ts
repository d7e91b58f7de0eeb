import { gunzipSync } from 'node:zlib';
import type { FieldMapping } from '../ingest/clouds/mapping.ts';
import type { FragmentWriter } from '../ingest/fragment.ts';
import { createParser, type Parser } from '../ingest/parser.ts';
import type { Reject } from '../ingest/reject.ts';
import { createPipeline } from './build.ts';
import type { Config } from './config.ts';
import { pagingOf } from './paging.ts';
import { pricesOf } from './prices.ts';
import type { ReplayParts } from './replay.ts';

/** Whose lines they are, where they do not tell. */
export interface Origin {
  readonly logGroup?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

/** What one message may unpack to: the largest value that the parser takes. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
export const gunzip = (bytes: Uint8Array): Uint8Array => gunzipSync(bytes, { maxOutputLength: MAX_MESSAGE_BYTES });

export type NewFullParser = (origin: string, out: FragmentWriter, reject: (reject: Reject) => void) => Parser;

/** The real parser of inputs whose lines are of `origin` where they do not tell; `fields` from the configuration. */
export function parserOf(origin: Origin, fields: readonly FieldMapping[] = []): NewFullParser {
  return (name, out, reject) => createParser({ ...origin, fields, origin: name, gunzip }, out, reject);
}

/** The real parser and the real pipeline, set up as the configuration says. */
export function createParts(config: Config, origin: Origin = {}): ReplayParts {
  return {
    newParser: parserOf(origin, config.fields),
    newPipeline: (options) =>
      createPipeline({
        ...options,
        pricesOf: pricesOf(config.prices),
        paging: pagingOf(config.paging),
        deploys: config.deploys,
      }),
  };
}
