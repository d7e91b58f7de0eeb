import type { Notice } from '../../alerts/notice.ts';
import { deliveryKey } from '../../alerts/notice.ts';
import type { Received } from './receiver.ts';

/** What a destination got, against what it gets where nobody dies. */
export interface Verdict {
  readonly expected: number;
  readonly requests: number;
  /** requests under a key that was sent before */
  readonly repeated: number;
  /** what is wrong; empty = nothing */
  readonly faults: readonly string[];
}

/**
 * Each transition at least once, in order, the same content under the same key, and nothing else. When an incident was noticed
 * may differ from the undisturbed run, as an ingest that was killed reads on from another place (ARCHITECTURE.md, Guarantees); what
 * comes again under a key may differ by nothing.
 * @param expected of a run that nobody disturbed, in the order in which they came
 */
export function check(expected: ReadonlyMap<string, string>, received: readonly Received[]): Verdict {
  const faults: string[] = [];
  const taken = new Set(received.filter(({ isTaken }) => isTaken).map(({ key }) => key));
  for (const key of expected.keys()) if (!taken.has(key)) faults.push(`${key} never arrived`);
  const first = new Map<string, string>();
  for (const { key, body } of received) {
    const wanted = expected.get(key);
    if ((first.get(key) ?? body) !== body) faults.push(`${key} says something else than before`);
    first.set(key, body);
    if (wanted === undefined) faults.push(`${key} should never have been sent`);
    else if (timeless(wanted) !== timeless(body)) faults.push(`${key} says something else than in the undisturbed run`);
    if (keyOf(body) !== key) faults.push(`${key} carries ${keyOf(body)}`);
  }
  // what comes again is always what came last: nobody goes back
  const steps = received.filter(({ key }, i) => key !== received[i - 1]?.key).map(({ key }) => key);
  const order = [...expected.keys()].filter((key) => steps.includes(key));
  if (steps.join(' ') !== order.join(' ')) faults.push(`out of order: ${firstDifference(steps, order)}`);
  const repeated = received.length - new Set(received.map(({ key }) => key)).size;
  return { expected: expected.size, requests: received.length, repeated, faults: [...new Set(faults)] };
}

/** Without the moments of noticing. */
const timeless = (body: string): string =>
  JSON.stringify(JSON.parse(body), (name, value: unknown) =>
    name === 'at' || name === 'opened_at' ? undefined : value,
  );

const keyOf = (body: string): string => deliveryKey(JSON.parse(body) as Notice);

function firstDifference(steps: readonly string[], order: readonly string[]): string {
  const at = steps.findIndex((key, i) => key !== order[i]);
  return at < 0 ? `${order[steps.length]} is missing` : `${steps[at]} came where ${order[at] ?? 'nothing'} was due`;
}
