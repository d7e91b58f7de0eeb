/** What an operator may set about detection. Everything here enters the configuration hash. Reasons: docs/detection.md. */
export interface DetectionSettings {
  /** a window is graded once the watermark is this far past its end, ms */
  readonly gradeDelayMs: number;
  /** how late a piece may come and still correct what is stored, ms: 15 minutes live, 14 days in a replay */
  readonly latenessMs: number;
  /** IANA name of the time zone that daily and weekly rhythm follow */
  readonly timeZone: string;
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
  warmupWindows: 60,
  bar: 6,
  extremeBar: 8,
  closeAfterWindows: 15,
  disabledSignals: [],
};
