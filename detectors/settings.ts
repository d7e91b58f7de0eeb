/** What is expected of a planned event: more calls, fewer or none, or anything. */
export type Expected = 'surge' | 'quiet' | 'any';

/** Something an operator knows of beforehand: a campaign, a migration, a load test. */
export interface PlannedEvent {
  readonly fromMs: number;
  readonly toMs: number;
  /** names of functions, `*` and `?` allowed */
  readonly functions: string;
  readonly expect: Expected;
  readonly note: string;
}

/** What an operator may set about detection. Everything here enters the configuration hash. Reasons: docs/detection.md. */
export interface DetectionSettings {
  /** a window is graded once the watermark is this far past its end, ms */
  readonly gradeDelayMs: number;
  /** how late a piece may come and still correct what is stored, ms: 15 minutes live, 14 days in a replay */
  readonly latenessMs: number;
  /** IANA name of the time zone that daily and weekly rhythm follow */
  readonly timeZone: string;
  /** local dates, such as 2026-12-25, that are like a day of a weekend */
  readonly holidays: readonly string[];
  /** during these, what was expected is `info`, and nothing is learnt */
  readonly planned: readonly PlannedEvent[];
  /** windows a function must have lived before its own history outweighs the pooled priors */
  readonly warmupWindows: number;
  /** −log10 p a verdict needs when it persists, and when it stands alone */
  readonly bar: number;
  readonly extremeBar: number;
  /** quiet windows before an incident closes */
  readonly closeAfterWindows: number;
  /** signals switched off, by name */
  readonly disabledSignals: readonly string[];
}

export const DEFAULT_SETTINGS: DetectionSettings = {
  gradeDelayMs: 30_000,
  latenessMs: 14 * 24 * 3600 * 1000,
  timeZone: 'UTC',
  holidays: [],
  planned: [],
  warmupWindows: 60,
  bar: 6,
  extremeBar: 7,
  closeAfterWindows: 15,
  disabledSignals: [],
};
