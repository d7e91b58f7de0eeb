const LABEL = /\s*([A-Za-z][\w /-]{0,60}?):\s*/y;
const MEASURE = /([-+]?[\d.][\w.+-]{0,40})\s+(ms|MB)\b/y;
const UNTIL_TAB = /([^\t]{0,1000})/y;
const WORD = /(\S{0,1000})/y;

/**
 * The `Label: value` pairs of a REPORT line from `at` on, first one wins; a measure keeps its unit, one space before it.
 * Pairs are parted by TAB, or by one or more spaces in copies that lost the TABs; unknown labels are kept like any other.
 */
export function readLabels(line: string, at: number): Map<string, string> {
  const labels = new Map<string, string>();
  let p = at;
  while (p < line.length) {
    LABEL.lastIndex = p;
    const label = LABEL.exec(line);
    if (label === null) {
      p = nextWord(line, p);
      continue;
    }
    p = LABEL.lastIndex;
    const pattern = matchesAt(MEASURE, line, p) ? MEASURE : line.indexOf('\t', p) >= 0 ? UNTIL_TAB : WORD;
    pattern.lastIndex = p;
    const value = pattern.exec(line);
    if (value === null) continue;
    p = pattern.lastIndex;
    const name = (label[1] ?? '').replace(/\s+/g, ' ').trim();
    const text = pattern === MEASURE ? `${value[1]} ${value[2]}` : (value[1] ?? '').trim();
    if (!labels.has(name)) labels.set(name, text);
  }
  return labels;
}

function matchesAt(pattern: RegExp, line: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(line);
}

/** Past what is no label, so that the labels after it are still found. */
function nextWord(line: string, at: number): number {
  WORD.lastIndex = at;
  WORD.exec(line);
  return Math.max(WORD.lastIndex, at) + 1;
}
