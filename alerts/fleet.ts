import type { EngineMinute } from '../detectors/engine.ts';
import type { Pulse } from '../detectors/shard.ts';
import { FAMILY } from '../detectors/signals/signal.ts';
import type { Verdict } from '../detectors/verdict.ts';
import { type BudgetStatus, PageBudget } from './budget.ts';
import { DEFAULT_PAGING, type PagingSettings } from './budget-order.ts';
import type { AlertEvent } from './event.ts';
import {
  type FleetState,
  type FleetStateV1,
  type Group,
  groupOfState,
  groupState,
  type Held,
  type OneShot,
  type OpenAlert,
} from './fleet-state.ts';
import { accountOf, byText, keyOf, noteLogGroups, withLast } from './follow-up.ts';
import { Holes } from './holes.ts';
import { alertEvent, alertId, groupEvent } from './say.ts';

const MINUTE_MS = 60_000;
/** What falls silent is held this long, to see whether everybody does. */
const HOLD_MS = 2 * MINUTE_MS;
/** So many functions of one account, this share of them, in the same minute with the same kind of trouble: one incident. */
const GROUP = 3;
const GROUP_SHARE = 0.02;
const GROUP_OPEN_MS = 10 * MINUTE_MS;
/** One-shot alerts (lifecycle, content) are resolved after this. */
const ONE_SHOT_MS = 60 * MINUTE_MS;

/**
 * The stage behind all shards. Pure; moves with the smallest shard watermark. Gives incidents their identity, merges what
 * has a common cause, and tells a hole in everyone's telemetry from functions that fell silent.
 */
export class Fleet {
  readonly #tell: (event: AlertEvent) => void;
  readonly #configHash: string;
  readonly #leastGroup: number;
  readonly #holes: Holes;
  #held: Held[] = [];
  readonly #open = new Map<string, OpenAlert>();
  readonly #groups = new Map<string, Group>();
  /** incidents that a hole explains: what follows of them is not said */
  readonly #absorbed = new Set<string>();
  #oneShots: OneShot[] = [];
  readonly #budget: PageBudget;
  /** what one step has to say, until its pages are given out */
  #said: AlertEvent[] = [];
  readonly #say = (event: AlertEvent): void => {
    this.#said.push(event);
  };

  /**
   * @param disabledSignals signals that are not told of; a hole still explains silences
   * @param leastGroup functions that make a common cause
   */
  constructor(
    configHash: string,
    say: (event: AlertEvent) => void,
    disabledSignals: readonly string[] = [],
    leastGroup = GROUP,
    paging: PagingSettings = DEFAULT_PAGING,
  ) {
    this.#configHash = configHash;
    this.#leastGroup = leastGroup;
    this.#tell = say;
    this.#holes = new Holes(configHash, disabledSignals.includes('telemetry') ? () => undefined : this.#say);
    this.#budget = new PageBudget(paging);
  }

  step(minute: EngineMinute): void {
    if (!Number.isNaN(minute.minuteMs)) {
      this.#holes.watch(minute);
      this.#budget.watch(minute.minuteMs, minute.tested);
    }
    const opened: Verdict[] = [];
    const after: Verdict[] = []; // what is said of incidents that open in the same step
    for (const verdict of minute.verdicts) {
      if (verdict.event === 'opened' && verdict.family === FAMILY.silence) {
        this.#held.push({ verdict, untilMs: verdict.atMs + HOLD_MS });
      } else if (verdict.event === 'opened') opened.push(verdict);
      else if (opened.some((other) => keyOf(other) === keyOf(verdict))) after.push(verdict);
      else this.#follow(verdict);
    }
    this.#release(minute.watermarkMs, opened);
    this.#openAll(opened, minute.pulses);
    for (const verdict of after) this.#follow(verdict);
    this.#expire(minute.watermarkMs);
    this.#giveOutPages();
  }

  /** End of input: what was held is said, so that nothing is lost. */
  finish(watermarkMs: number): void {
    const opened: Verdict[] = [];
    this.#release(Number.POSITIVE_INFINITY, opened, watermarkMs);
    this.#openAll(opened, []);
    this.#giveOutPages();
  }

  /** How each owner's page budget stands. */
  budget(): BudgetStatus[] {
    return this.#budget.status();
  }

  #giveOutPages(): void {
    if (this.#said.length === 0) return;
    const said = this.#said.splice(0);
    for (const event of this.#budget.judge(said)) this.#tell(event);
  }

  #release(watermarkMs: number, opened: Verdict[], atMs = watermarkMs): void {
    if (this.#held.length === 0) return;
    const waiting: Held[] = [];
    for (const held of this.#held) {
      if (this.#holes.explains(held.verdict, atMs)) this.#absorbed.add(keyOf(held.verdict));
      else if (held.untilMs <= watermarkMs) opened.push({ ...held.verdict, atMs: Math.max(held.verdict.atMs, atMs) });
      else waiting.push(held);
    }
    this.#held = waiting;
  }

  #openAll(opened: readonly Verdict[], pulses: readonly Pulse[]): void {
    const byCause = new Map<string, Verdict[]>();
    for (const verdict of opened) {
      if (verdict.family === FAMILY.event) {
        this.#openOne(verdict, null);
        continue;
      }
      const cause = `${accountOf(verdict)}|${verdict.family}`;
      const same = byCause.get(cause);
      if (same === undefined) byCause.set(cause, [verdict]);
      else same.push(verdict);
    }
    for (const [cause, verdicts] of byCause) {
      const group = this.#groupFor(cause, verdicts[0]!);
      if (group !== null) this.#joinGroup(group, verdicts);
      else if (verdicts.length >= this.#groupSize(accountOf(verdicts[0]!), pulses)) this.#openGroup(verdicts);
      else for (const verdict of verdicts) this.#openOne(verdict, null);
    }
  }

  #groupSize(account: string, pulses: readonly Pulse[]): number {
    const functions = pulses.find((pulse) => pulse.account === account)?.functions ?? 0;
    return Math.max(this.#leastGroup, GROUP_SHARE * functions);
  }

  #groupFor(cause: string, verdict: Verdict): Group | null {
    for (const group of this.#groups.values()) {
      if (`${group.account}|${group.family}` === cause && verdict.atMs - group.first.atMs <= GROUP_OPEN_MS)
        return group;
    }
    return null;
  }

  #openOne(verdict: Verdict, group: string | null): void {
    const id = alertId(
      verdict.fn,
      verdict.family,
      verdict.onsetMs,
      verdict.family === FAMILY.event ? (verdict.detail ?? '') : '',
    );
    if (verdict.family === FAMILY.event) this.#oneShots.push({ id, verdict, dueMs: verdict.atMs + ONE_SHOT_MS });
    else this.#open.set(keyOf(verdict), { id, verdict, group });
    if (group === null) this.#say(alertEvent(verdict, id, this.#configHash));
  }

  #openGroup(verdicts: readonly Verdict[]): void {
    const first = verdicts[0]!;
    const account = accountOf(first);
    const id = alertId(`group:${account}`, first.family, Math.min(...verdicts.map((verdict) => verdict.onsetMs)), '');
    const fns = verdicts.map((verdict) => verdict.fn).sort(byText);
    const open = new Set(verdicts.map(keyOf));
    const logGroups = noteLogGroups(new Map(), verdicts);
    const group: Group = { id, account, family: first.family, first, fns, open, logGroups };
    this.#groups.set(id, group);
    for (const verdict of verdicts) this.#openOne(verdict, id);
    const atMs = Math.max(...verdicts.map((verdict) => verdict.atMs)); // known with the last of them
    this.#say(groupEvent({ ...first, atMs }, id, fns, 'opened', this.#configHash, verdicts, logGroups));
  }

  #joinGroup(group: Group, verdicts: readonly Verdict[]): void {
    const before = group.fns.length;
    noteLogGroups(group.logGroups, verdicts);
    for (const verdict of verdicts) {
      if (!group.fns.includes(verdict.fn)) group.fns.push(verdict.fn);
      group.open.add(keyOf(verdict));
      this.#openOne(verdict, group.id);
    }
    if (group.fns.length === before) return; // it had left, and is back
    group.fns.sort(byText);
    const last = verdicts[verdicts.length - 1]!;
    this.#say(
      groupEvent(
        { ...last, event: 'updated', onsetMs: group.first.onsetMs },
        group.id,
        group.fns,
        'updated',
        this.#configHash,
        this.#membersOf(group),
        group.logGroups,
      ),
    );
  }

  /** The latest of each function whose incident is told under the group and is open. */
  #membersOf(group: Group): Verdict[] {
    return [...group.open].flatMap((key) => this.#open.get(key)?.verdict ?? []);
  }

  #follow(verdict: Verdict): void {
    const key = keyOf(verdict);
    if (verdict.event === 'resolved')
      this.#held = this.#held.filter((held) => this.#sayShort(held.verdict, verdict, key));
    if (this.#absorbed.has(key)) {
      if (verdict.event === 'resolved') this.#absorbed.delete(key);
      return;
    }
    const open = this.#open.get(key);
    if (open === undefined) return;
    if (verdict.event === 'resolved') this.#open.delete(key);
    else if (verdict.finding?.signal === verdict.signal) this.#open.set(key, { ...open, verdict });
    const group = open.group === null ? undefined : this.#groups.get(open.group);
    if (group === undefined) {
      this.#say(alertEvent(withLast(verdict, open.verdict), open.id, this.#configHash));
      return;
    }
    if (verdict.event !== 'resolved') return;
    group.open.delete(key);
    if (group.open.size > 0) return;
    this.#groups.delete(group.id);
    const last = { ...verdict, onsetMs: group.first.onsetMs };
    this.#say(groupEvent(last, group.id, group.fns, 'resolved', this.#configHash, [last], group.logGroups));
  }

  /** A silence that was over while it was held: never said. Returns whether to go on holding. */
  #sayShort(held: Verdict, verdict: Verdict, key: string): boolean {
    if (keyOf(held) !== key) return true;
    this.#absorbed.add(keyOf(verdict));
    return false;
  }

  #expire(watermarkMs: number): void {
    if (this.#oneShots.length === 0) return;
    const waiting: OneShot[] = [];
    for (const shot of this.#oneShots) {
      if (shot.dueMs > watermarkMs) waiting.push(shot);
      else {
        const ended: Verdict = {
          ...shot.verdict,
          event: 'resolved',
          atMs: shot.dueMs,
          endedMs: shot.verdict.onsetMs,
          rule: 'nothing more within an hour',
        };
        this.#say(alertEvent(ended, shot.id, this.#configHash));
      }
    }
    this.#oneShots = waiting;
  }

  state(): FleetState {
    return {
      v: 2,
      holes: this.#holes.state(),
      held: this.#held,
      open: [...this.#open],
      groups: [...this.#groups.values()].map(groupState),
      absorbed: [...this.#absorbed],
      oneShots: this.#oneShots,
      budget: this.#budget.state(),
    };
  }

  /** @throws {Error} on the state of a newer version */
  restore(state: FleetState | FleetStateV1): void {
    if (state.v !== 1 && state.v !== 2)
      throw new Error(`the fleet stage cannot read its state v${(state as { v: unknown }).v}`);
    if (state.v === 2) this.#budget.restore(state.budget);
    this.#holes.restore(state.holes);
    this.#held = state.held;
    for (const [key, open] of state.open) this.#open.set(key, open);
    for (const group of state.groups) this.#groups.set(group.id, groupOfState(group));
    for (const key of state.absorbed) this.#absorbed.add(key);
    this.#oneShots = state.oneShots;
  }
}
