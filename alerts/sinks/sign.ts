import { createHmac } from 'node:crypto';
import type { Secret } from './secret.ts';

const PREFIX = 'whsec_';
/** Bytes of a key, as Standard Webhooks has it. */
const FEWEST = 24;
const MOST = 64;

/** The bytes of a `whsec_…` secret; null where it is none. */
export function keyOf(secret: string): Buffer | null {
  const base64 = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const key = Buffer.from(base64, 'base64');
  return key.length >= FEWEST && key.length <= MOST ? key : null;
}

export interface Signed {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
}

/**
 * Value of `webhook-signature` by Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body` under each secret, so that a
 * receiver that knows one of them is content while they are changed. @param secrets each of them one that `keyOf` takes
 */
export function signatureOf({ id, timestampSeconds, body }: Signed, secrets: readonly Secret[]): string {
  const signatures = secrets.map((secret) => {
    const key = keyOf(secret.reveal());
    if (key === null) throw new Error('a secret that was not checked');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`;
  });
  return signatures.join(' ');
}
