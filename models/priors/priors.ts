import { PRIORS_V1 } from './v1.ts';

/** The pooled priors in use. */
export const PRIORS = PRIORS_V1;

/** SHA-256 of the canonical JSON of the priors in use, by which state knows its own.. */
export const PRIORS_DIGEST = '92b2f5b7b80c6b02ef999a6b5eef9c82c082916681c527e127a34b3852199948';

/** JSON with the keys of every object in order and no space: equal data gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
