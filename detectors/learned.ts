import type { LearnedModel } from '../models/learned/artifact.ts';
import { EXCEEDING, learnTail, levelOf, scaleOf, TAIL, tailSurprise } from '../models/learned/error-tail.ts';
import { Reconstruction } from '../models/learned/reconstruction.ts';
import { isOpen } from './incident.ts';
import { FEATURES, QUANTITIES, RESIDUALS, residualsOf } from './residuals.ts';
import { FAMILIES, type Finding } from './signals/signal.ts';
import type { WindowView } from './window-view.ts';

/** A day of history: residuals against a rhythm that is not known yet are not worth a look. */
const LEAST_HISTORY = 1440;
/** Calls of a quarter of an hour, below which its shape is chance. */
const LEAST_CALLS = 8;
/** A pattern is of two quantities or more that are off by so many standard deviations: one alone has a signal of its own. */
const OFF = 2.5;
const LEAST_OFF = 2;
/** … and that are far from what goes together: at least so many times the error that one window in fifty exceeds. */
const LEAST_RATIO = 1.5;
const WORST = 3;

/** What a model's judgement of functions has come to, for a snapshot. */
export interface LearnedState {
  readonly digest: string;
  readonly tails: Float32Array;
}

/**
 * The learned model in one shard: reconstructs the residuals of each graded window and calibrates the error on the
 * function's own past. Four floats a function, which exist only while a model is loaded. About 3 µs a window (`npm run bench:model`).
 */
export class LearnedJudge {
  readonly model: LearnedModel;
  readonly #reconstruction: Reconstruction;
  readonly #vector = new Float64Array(FEATURES.length);
  #tails = new Float32Array(0);

  constructor(model: LearnedModel, state: LearnedState | null) {
    this.model = model;
    this.#reconstruction = new Reconstruction(model);
    if (state !== null && state.digest === model.digest) this.#tails = state.tails.slice();
  }

  state(functions: number): LearnedState {
    this.#reserve(functions);
    return { digest: this.model.digest, tails: this.#tails.slice(0, functions * TAIL) };
  }

  forget(slot: number): void {
    this.#tails.fill(0, slot * TAIL, (slot + 1) * TAIL);
  }

  #reserve(functions: number): void {
    if (functions * TAIL <= this.#tails.length) return;
    const bigger = new Float32Array(Math.ceil(functions * 1.25) * TAIL);
    bigger.set(this.#tails);
    this.#tails = bigger;
  }

  /** Judges the window that the view shows, then learns how well it was reproduced, unless an incident is open. */
  judge(view: WindowView, slot: number): Finding | null {
    if (view.history < LEAST_HISTORY) return null;
    const known = residualsOf(view, this.#vector);
    if (known === 0) return null;
    this.#reserve(slot + 1);
    const at = slot * TAIL;
    const error = this.#reconstruction.error(this.#vector, known);
    view.pattern = tailSurprise(this.#tails, at, error, this.model.tail);
    const finding = view.pattern > 0 ? this.#finding(view, error, at) : null;
    if (!anyOpen(view)) learnTail(this.#tails, at, error, this.model.tail);
    return finding;
  }

  #finding(view: WindowView, error: number, at: number): Finding | null {
    const { tail } = this.model;
    const level = levelOf(this.#tails, at, tail);
    const calls = view.get(2, 0);
    if (calls < LEAST_CALLS || error < LEAST_RATIO * level) return null;
    const { difference } = this.#reconstruction;
    const worst = Array.from({ length: RESIDUALS }, (_, i) => i)
      .sort((a, b) => Math.abs(difference[b]!) - Math.abs(difference[a]!) || a - b)
      .slice(0, WORST);
    const off = new Set<number>();
    for (let i = 0; i < RESIDUALS; i++) if (Math.abs(this.#vector[i]!) >= OFF) off.add(i % QUANTITIES.length);
    if (off.size < LEAST_OFF) return null;
    const scale = scaleOf(this.#tails, at, tail);
    return {
      signal: 'pattern',
      direction: 'up',
      horizon: worst[0]! < QUANTITIES.length ? 0 : 2,
      score: view.pattern,
      observed: error,
      low: 0,
      mid: level,
      high: level + scale,
      unit: 'error of reconstruction',
      ratio: error / level,
      support: calls,
      model: { kind: 'pareto-excess', level, scale, shape: tail.shape, share: EXCEEDING, digest: this.model.digest },
      rule: `×${(error / level).toFixed(2)} of the error that ${100 * EXCEEDING} % of its windows exceed (at least ×${LEAST_RATIO}), over ${calls} calls (at least ${LEAST_CALLS}), ${off.size} quantities off by ${OFF} σ or more (at least ${LEAST_OFF})`,
      drivers: [`unusual together: ${worst.map((i) => this.#words(i)).join(', ')}`],
    };
  }

  /** `duration up 4.1 σ (15 min)`: what was seen, against this function's own past. */
  #words(i: number): string {
    const value = this.#vector[i]!;
    const way = Math.abs(value) < 1 ? 'as usual' : `${value > 0 ? 'up' : 'down'} ${Math.abs(value).toFixed(1)} σ`;
    return `${QUANTITIES[i % QUANTITIES.length]} ${way} (${i < QUANTITIES.length ? 1 : 15} min)`;
  }
}

function anyOpen({ page, base }: WindowView): boolean {
  for (let family = 0; family < FAMILIES; family++) if (isOpen(page, base, family)) return true;
  return false;
}
