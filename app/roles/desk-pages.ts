import type { Incident } from '../../alerts/desk-incident.ts';
import { decodeMessage, encodeMessage, MAX_STATE_BYTES } from '../../infra/envelope.ts';

const KIND = 'desk-incidents';
const NAME = 'desk/';
/** Incidents that began one after the other lie on one page: a storm changes them together, and the others not at all. */
const INCIDENTS_A_PAGE = 64;
const PAGES = 512;

interface Page {
  readonly bytes: Uint8Array;
  /** as they are in `bytes` */
  readonly incidents: readonly Incident[];
}

/**
 * The desk's incidents as pages of its state. Encoding all of tens of thousands takes a second or more, every time they are
 * saved, in which nothing else happens: so only pages whose incidents changed are encoded, the others are what they were.
 * Finding out which these are takes a few milliseconds for 30,000.
 */
export class IncidentPages {
  #pages = new Map<number, Page>();

  /** @param incidents in the order of `seq`, copies that never change: parts of an incident are replaced, not changed */
  encode(incidents: readonly Incident[]): Map<string, Uint8Array> {
    const byPage = new Map<number, Incident[]>();
    for (const incident of incidents) {
      const number = pageOf(incident);
      const list = byPage.get(number);
      if (list === undefined) byPage.set(number, [incident]);
      else list.push(incident);
    }
    const pages = new Map<number, Page>();
    const encoded = new Map<string, Uint8Array>();
    for (const [number, list] of byPage) {
      const before = this.#pages.get(number);
      const page =
        before !== undefined && isSame(before.incidents, list)
          ? before
          : { bytes: encodeMessage(KIND, 0, list, MAX_STATE_BYTES), incidents: list };
      pages.set(number, page);
      encoded.set(`${NAME}${number}`, page.bytes);
    }
    this.#pages = pages;
    return encoded;
  }
}

/** @returns in the order of `seq`; @throws {WireError} on pages of a newer version */
export function incidentsIn(pages: ReadonlyMap<string, Uint8Array>): Incident[] {
  return [...pages]
    .filter(([name]) => name.startsWith(NAME))
    .flatMap(([, bytes]) => decodeMessage(bytes, KIND, MAX_STATE_BYTES) as Incident[])
    .sort((a, b) => a.seq - b.seq);
}

const pageOf = ({ seq }: Incident): number => Math.floor(seq / INCIDENTS_A_PAGE) % PAGES;

function isSame(before: readonly Incident[], now: readonly Incident[]): boolean {
  return before.length === now.length && now.every((incident, i) => isUnchanged(before[i]!, incident));
}

function isUnchanged(before: Incident, now: Incident): boolean {
  for (const field in now) if (!Object.is(before[field as keyof Incident], now[field as keyof Incident])) return false;
  return true;
}
