/** What the split by version says of an incident. */
export interface VersionSplit {
  /** only: older versions answer beside it, and are well; since: it came, then this; alike: older ones suffer as much */
  readonly claim: 'only' | 'since' | 'alike';
  readonly version: string;
  /** what to call it: `version 43`, or the deploy that was told of */
  readonly name: string;
  /** minute of its first call */
  readonly sinceMinute: number;
  /** both sides in words, with their numbers */
  readonly newer: string;
  readonly older: string;
  readonly score: number;
}
