import type { Shape } from './effect.ts';
import { KINDS, type Kind, type KindName, type Variant } from './kinds.ts';
import type { Benign, Incident } from './labels.ts';
import type { FunctionProfile } from './profile.ts';
import { Random } from './random.ts';
import { expectedCallsBetween, HOUR_MS, MINUTE_MS } from './rhythm.ts';
import type { Period } from './surprises.ts';

/** An incident with what it does, one shape for all of its functions. */
export interface PlannedIncident {
  readonly label: Incident;
  readonly shape: Shape;
}

/** What a plan may be told to contain, in this order; the demo chooses, benchmarks draw. */
export interface Wish {
  readonly kind: KindName;
  readonly grade: 'gross' | 'subtle';
}

/** Clear time between two incidents of a function: what the first one did to it must have worn off. */
const APART_MS = 5 * HOUR_MS;
const TRIES = 400;

/** `count` kinds and grades, every variant once before any comes twice, so that a few fleets show them all. */
export function drawWishes(count: number, random: Random): Wish[] {
  const all: Wish[] = [];
  for (const [name, kind] of Object.entries(KINDS) as [KindName, Kind][]) {
    if (kind.gross) all.push({ kind: name, grade: 'gross' });
    if (kind.subtle) all.push({ kind: name, grade: 'subtle' });
  }
  const wishes: Wish[] = [];
  while (wishes.length < count * 2) {
    const round = all.map((wish) => ({ wish, order: random.unit() })).sort((a, b) => a.order - b.order);
    wishes.push(...round.map(({ wish }) => wish));
  }
  return wishes;
}

function threatens(fromMs: number, toMs: number, benign: Benign): boolean {
  const beforeMs = benign.kind === 'deploy' ? 2 * HOUR_MS : HOUR_MS;
  return benign.fromMs - HOUR_MS < toMs && benign.toMs + beforeMs > fromMs;
}

/** Places incidents one after the other, where there is traffic to show them and nothing else going on. */
export class IncidentPlanner {
  readonly planned: PlannedIncident[] = [];
  readonly #profiles: readonly FunctionProfile[];
  readonly #benign: readonly Benign[];
  readonly #period: Period;
  readonly #random: Random;

  constructor(profiles: readonly FunctionProfile[], benign: readonly Benign[], period: Period, seed: number) {
    this.#profiles = profiles;
    this.#benign = benign;
    this.#period = period;
    this.#random = new Random(seed, 'incidents');
  }

  /** Places one, or returns false when no function has room and traffic for it. */
  place(wish: Wish): boolean {
    const kind: Kind = KINDS[wish.kind];
    const variant = kind[wish.grade];
    if (variant === undefined) return false;
    const candidates = this.#profiles.filter((profile) => this.#suits(profile, kind, variant));
    if (candidates.length === 0) return false;
    for (let i = 0; i < TRIES; i++) {
      const first = this.#random.pick(candidates);
      const lengthMs = this.#random.logBetween(variant.minutes[0], variant.minutes[1]) * MINUTE_MS;
      const onsetMs = Math.floor(this.#random.between(this.#period.warmMs, this.#period.endMs - lengthMs - HOUR_MS));
      const endMs = Math.floor(onsetMs + lengthMs);
      if (!this.#visible(first, variant, onsetMs, endMs)) continue;
      const functions = this.#companions(first, kind, variant, candidates, onsetMs, endMs);
      if (functions.length < Math.min(3, kind.together ?? 1)) continue;
      this.#add(wish, kind, variant.shape(this.#random, first), functions, onsetMs, endMs);
      return true;
    }
    return false;
  }

  #suits(profile: FunctionProfile, kind: Kind, variant: Variant): boolean {
    const { archetype } = profile;
    if (kind.archetype !== undefined) return archetype === kind.archetype;
    if (archetype === 'dormant' || archetype === 'newcomer' || Number.isFinite(profile.traffic.bornMs)) return false;
    return variant.suits?.(profile) ?? true;
  }

  #visible(profile: FunctionProfile, variant: Variant, onsetMs: number, endMs: number): boolean {
    const calls = expectedCallsBetween(profile, onsetMs, endMs);
    if (calls < variant.minCalls || calls / ((endMs - onsetMs) / MINUTE_MS) < variant.minPerMinute) return false;
    const { name } = profile;
    const near = (functions: readonly string[]) => functions.length === 0 || functions.includes(name);
    if (this.#benign.some((b) => b.kind !== 'quiet-weekend' && near(b.functions) && threatens(onsetMs, endMs, b)))
      return false;
    return !this.planned.some(
      ({ label }) =>
        label.functions.includes(name) && label.onsetMs - APART_MS < endMs && label.endMs + APART_MS > onsetMs,
    );
  }

  #companions(
    first: FunctionProfile,
    kind: Kind,
    variant: Variant,
    candidates: readonly FunctionProfile[],
    onsetMs: number,
    endMs: number,
  ): string[] {
    const names = [first.name];
    for (const other of candidates) {
      if (names.length >= (kind.together ?? 1)) break;
      if (other.account !== first.account || other === first) continue;
      if (this.#visible(other, variant, onsetMs, endMs)) names.push(other.name);
    }
    return names;
  }

  #add(wish: Wish, kind: Kind, shape: Shape, functions: readonly string[], onsetMs: number, endMs: number): void {
    const label: Incident = {
      id: `i${String(this.planned.length + 1).padStart(2, '0')}-${wish.kind}`,
      kind: wish.kind,
      grade: wish.grade,
      threats: kind.threats,
      functions,
      onsetMs,
      endMs,
      effectMs: Math.min(endMs, Math.round(onsetMs + shape.floorMinutes * MINUTE_MS)),
      affectedCalls: 0,
      missingCalls: 0,
    };
    this.planned.push({ label, shape });
  }
}
