/**
 * The score that a test must reach so that, of all that reach it, at most `rate` are expected to be chance: Benjamini and
 * Hochberg's step-up rule (J. R. Stat. Soc. B 57, 1995). Holds for independent tests and for positively dependent ones
 * (Benjamini and Yekutieli, Ann. Stat. 29, 2001), as overlapping windows are. Tests whose scores are not given are taken
 * to have failed, which makes the rule stricter, never laxer.
 * @param scores -log10 p of the most surprising tests, in any order
 * @param tests how many tests there were in all
 * @returns -log10 of the largest p that passes; where none passes, what a first one would need. O(n log n)
 */
export function discoveryBar(scores: readonly number[], tests: number, rate: number): number {
  const alone = Math.log10(Math.max(1, tests, scores.length) / rate);
  const falling = [...scores].sort((a, b) => b - a);
  for (let i = falling.length; i >= 1; i--) {
    const bar = alone - Math.log10(i);
    if (falling[i - 1]! >= bar) return Math.max(0, bar);
  }
  return Math.max(0, alone);
}
