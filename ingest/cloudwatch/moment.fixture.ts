import type { Moment } from './service-time.ts';

/** A moment of clocks that agree, ms. */
export const moment = (ms: number): Moment => ({ wallMs: ms, steadyMs: ms });
