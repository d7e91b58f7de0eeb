import type { Notice } from '../../alerts/notice.ts';
import type { Answered } from '../receivers/receiver.ts';

const TAKEN = 300;

/** What one destination took, as it says it. */
export interface Told {
  readonly atMs: number;
  readonly kind: 'digest' | 'opened' | 'ended' | 'other';
  /** first line, as people see it */
  readonly title: string;
  /** key of the delivery; null where the destination has none */
  readonly key: string | null;
  readonly notice: Notice | null;
}

const isTaken = ({ status }: Answered): boolean => status < TAKEN;

function kindOf({ transition, digest, status }: Notice): Told['kind'] {
  if (status === 'resolved') return 'ended';
  if (digest !== undefined) return 'digest';
  return transition === 'opened' ? 'opened' : 'other';
}

/** What a generic web hook took. */
export function toldHook(answered: readonly Answered[]): Told[] {
  return answered.filter(isTaken).map(({ request, atMs }) => {
    const notice = JSON.parse(request.body) as Notice;
    const title = notice.digest === undefined ? notice.event.text : notice.reason;
    return { atMs, kind: kindOf(notice), title, key: String(request.headers['webhook-id']), notice };
  });
}

/** What Slack took: known by the sign that a message begins with. */
export function toldSlack(answered: readonly Answered[]): Told[] {
  return answered.filter(isTaken).map(({ request, atMs }) => {
    const { text } = JSON.parse(request.body) as { text: string };
    const kind = text.startsWith('✅') ? 'ended' : text.startsWith('📋') ? 'digest' : 'opened';
    return { atMs, kind, title: text, key: null, notice: null };
  });
}
