/**
 * Parts of detection that `bench:ablation` leaves out one at a time, to show what each is worth. Never set by a user: not
 * in the config, not in its hash. Everything on is the product; the switches are read as plain fields, off the hot path
 * or once a window.
 */
export interface Parts {
  /** longest horizon that is scored: 0..4 = 1, 5, 15, 60, 240 minutes */
  readonly longestHorizon: number;
  /** what is known of an hour of the day: rates, guards, durations */
  readonly hours: boolean;
  /** weekends have a profile of their own */
  readonly weekends: boolean;
  /** Student's tails for means of logs; false = Gaussian */
  readonly student: boolean;
  /** over-dispersed counts; false = Poisson */
  readonly dispersion: boolean;
  /** a count this hour of the day has shown is no surge */
  readonly guards: boolean;
  /** effect floors on ratios */
  readonly floors: boolean;
  /** scores by each function's own past; false = by the models alone */
  readonly calibration: boolean;
  /** learn an hour behind; false = 10 minutes behind */
  readonly learnBehind: boolean;
  /** say within an open window what only can grow */
  readonly early: boolean;
  /** one incident for functions that fail together */
  readonly commonCause: boolean;
}

export const ALL_PARTS: Parts = {
  longestHorizon: 4,
  hours: true,
  weekends: true,
  student: true,
  dispersion: true,
  guards: true,
  floors: true,
  calibration: true,
  learnBehind: true,
  early: true,
  commonCause: true,
};
