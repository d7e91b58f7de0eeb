import { C, type Cells } from './cells.ts';
import { CELL, Q } from './page.ts';

const OUT = new Float64Array(CELL);
/** Position in an open window of each quantity of the ring; cost and expected calls are set apart. */
const FROM: readonly (readonly [number, number])[] = [
  [Q.n, C.n],
  [Q.err, C.err],
  [Q.tmo, C.tmo],
  [Q.oom, C.oom],
  [Q.cold, C.cold],
  [Q.acc, C.acc],
  [Q.tail, C.tail],
  [Q.dn, C.dn],
  [Q.ds, C.ds],
  [Q.dss, C.dss],
  [Q.en, C.en],
  [Q.es, C.es],
  [Q.ess, C.ess],
  [Q.bytes, C.bytes],
  [Q.mn, C.mn],
  [Q.ms, C.ms],
];

/** An open window as the quantities of the ring. The result is reused by the next call. */
export function sumsOf(cells: Cells, at: number): Float64Array {
  const { values } = cells;
  for (let i = 0; i < FROM.length; i++) {
    const [to, from] = FROM[i]!;
    OUT[to] = values[at + from]!;
  }
  OUT[Q.mu] = 0;
  OUT[Q.cost] = values[at + C.costPico]! * 1e-6;
  return OUT;
}
