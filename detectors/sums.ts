import { C, type Cells } from './cells.ts';
import { CELL, Q } from './page.ts';

const OUT = new Float64Array(CELL);
/** Quantities of the ring that an open window holds, and where it holds them; cost and expected calls are set apart. */
const TO = [
  Q.n,
  Q.err,
  Q.tmo,
  Q.oom,
  Q.cold,
  Q.acc,
  Q.tail,
  Q.dn,
  Q.ds,
  Q.dss,
  Q.en,
  Q.es,
  Q.ess,
  Q.bytes,
  Q.mn,
  Q.ms,
  Q.near,
];
const FROM = [
  C.n,
  C.err,
  C.tmo,
  C.oom,
  C.cold,
  C.acc,
  C.tail,
  C.dn,
  C.ds,
  C.dss,
  C.en,
  C.es,
  C.ess,
  C.bytes,
  C.mn,
  C.ms,
  C.near,
];

/** An open window as the quantities of the ring. The result is reused by the next call. */
export function sumsOf(cells: Cells, at: number): Float64Array {
  const { values } = cells;
  for (let i = 0; i < TO.length; i++) OUT[TO[i]!] = values[at + FROM[i]!]!;
  OUT[Q.mu] = 0;
  OUT[Q.cost] = values[at + C.costPico]! * 1e-6;
  return OUT;
}
