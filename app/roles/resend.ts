import type { KeptDelivery } from '../../alerts/delivery-row.ts';
import { deliveryKey } from '../../alerts/notice.ts';
import type { NumberedEntry } from './notices.ts';

/** Somebody asked for a notice once more: `tripline notify resend`. */
export interface Resend {
  readonly destination: string;
  /** key of the delivery, or the incident alone: then its newest that is known */
  readonly delivery: string;
}

/** Null where the entry asks for something else. */
export function askedAgain({ entry }: NumberedEntry): Resend | null {
  if (entry.kind !== 'resend') return null;
  const { destination, delivery } = entry;
  return { destination, delivery };
}

/** Of what is kept, what is asked for. */
export function meantBy(delivery: string, kept: readonly KeptDelivery[]): KeptDelivery | null {
  const byKey = kept.filter(({ notice }) => deliveryKey(notice) === delivery);
  const meant = byKey.length > 0 ? byKey : kept.filter(({ notice }) => notice.incident_id === delivery);
  const newest = (a: KeptDelivery, b: KeptDelivery) =>
    b.notice.version - a.notice.version || b.row.endedMs - a.row.endedMs;
  return meant.toSorted(newest)[0] ?? null;
}
