import type { SignalHistory } from './history.ts';
import type { Finding, SignalName } from './signals/signal.ts';
import type { VersionSplit } from './versions/split.ts';

export type Severity = 'critical' | 'error' | 'warning' | 'info';

/** Request ids worth opening first, newest incident evidence first in each list. */
export interface EvidenceIds {
  readonly failed: readonly string[];
  readonly slowest: readonly string[];
  readonly sending: readonly string[];
}

export interface RelatedSignal {
  readonly signal: SignalName;
  readonly score: number;
  readonly observed: number;
  readonly mid: number;
  readonly horizon: number;
}

/** What a shard says of one function's incident; the fleet stage turns it into an alert event, or merges it. */
export interface Verdict {
  readonly event: 'opened' | 'updated' | 'resolved';
  readonly fn: string; // provider/account/region/name
  readonly version: string | null;
  /** where it logs; absent = `/aws/lambda/NAME`, or not known */
  readonly logGroup?: string;
  /** event time at which a live pipeline would know, ms */
  readonly atMs: number;
  readonly onsetMs: number;
  readonly endedMs: number | null;
  readonly family: number;
  readonly signal: SignalName;
  readonly severity: Severity;
  /** null for lifecycle and content */
  readonly finding: Finding | null;
  readonly related: readonly RelatedSignal[];
  readonly windowsLearnt: number;
  readonly usdPerHour: number | null;
  /** calls and bytes in the deciding window */
  readonly invocations: number | null;
  readonly bytes: number | null;
  readonly ids: EvidenceIds;
  /** which persistence rule let it through, why it ended, what happened: in words */
  readonly rule: string;
  /** lifecycle, content: what was seen, e.g. `dormant-awake`, `secret:aws-access-key` */
  readonly detail: string | null;
  /** version of the pooled priors that outweigh its own history still; absent once it has lived its warm-up */
  readonly priors?: string;
  /** the hour of the day and week that expectations are of, in words; absent while no day is known */
  readonly usualAt?: string;
  /** lifecycle, where deploys are told: which one this is, or that none is known, in words */
  readonly deploy?: string;
  /** what the split by version says of it; absent = nothing, or no new version */
  readonly split?: VersionSplit;
  /** how its signal went before; absent at its end, and where there is no number */
  readonly history?: SignalHistory;
  /** what another signal found when it joined the incident; set by the fleet stage */
  readonly joined?: Finding;
}
