import type { NumberedEntry } from './notices.ts';

/** Somebody asked for a notice once more. */
export interface Resend {
  readonly incident_id: string;
  /** null = the newest that is known */
  readonly version: number | null;
  /** name of the destination; null = all that know it */
  readonly to: string | null;
}

export const RESEND = 'resend';

/** Null where the entry asks for something else. */
export function askedAgain({ entry }: NumberedEntry): Resend | null {
  const { kind, incident_id, version, to } = entry;
  if (kind !== RESEND || typeof incident_id !== 'string') return null;
  return {
    incident_id,
    version: Number.isInteger(version) ? (version as number) : null,
    to: typeof to === 'string' ? to : null,
  };
}
