/** What a run left behind, as lines. */
export interface Outcome {
  /** notices of the file destination, JSON each, in their order */
  readonly alerts: readonly string[];
  /** view → its rows, tab-separated, sorted */
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

/** How the lines of one kind compare, as multisets. */
export interface Lines {
  readonly name: string;
  readonly expected: number;
  readonly equal: number;
  readonly missing: number;
  /** lines that are right, but stand there more often than they should */
  readonly twice: number;
  /** lines that the undisturbed run does not have */
  readonly other: number;
  /** of alerts: incidents whose notices stand in another order */
  readonly misordered: number;
  /** the first of each, for people */
  readonly examples: readonly string[];
}

export interface Comparison {
  readonly alerts: Lines;
  readonly tables: readonly Lines[];
  readonly isEqual: boolean;
}

const EXAMPLES = 3;
const SHOWN_CHARACTERS = 600;

export function compare(expected: Outcome, found: Outcome): Comparison {
  const alerts = compareAlerts(expected.alerts, found.alerts);
  const names = new Set([...expected.tables.keys(), ...found.tables.keys()]);
  const tables = [...names].map((name) =>
    compareLines(name, expected.tables.get(name) ?? [], found.tables.get(name) ?? []),
  );
  return { alerts, tables, isEqual: [alerts, ...tables].every(isSame) };
}

export const isSame = ({ missing, twice, other, misordered }: Lines): boolean =>
  missing + twice + other + misordered === 0;

export function compareLines(name: string, expected: readonly string[], found: readonly string[]): Lines {
  const open = counted(expected);
  const known = new Set(expected);
  let equal = 0;
  const twice: string[] = [];
  const other: string[] = [];
  for (const line of found) {
    const left = open.get(line) ?? 0;
    if (left > 0) {
      open.set(line, left - 1);
      equal++;
    } else (known.has(line) ? twice : other).push(line);
  }
  const missing = [...open].flatMap(([line, count]) => new Array<string>(count).fill(line));
  const examples = [...shown('missing', missing), ...shown('twice', twice), ...shown('other', other)];
  const counts = { missing: missing.length, twice: twice.length, other: other.length, misordered: 0 };
  return { name, expected: expected.length, equal, ...counts, examples };
}

/** The same for events, whose order matters within an alert. */
function compareAlerts(expected: readonly string[], found: readonly string[]): Lines {
  const lines = compareLines('alerts', expected, found);
  if (!isSame(lines)) return lines; // what is missing is out of order as well
  const order = sequences(expected);
  const misordered = [...sequences(found)].filter(([id, sequence]) => sequence !== order.get(id)).map(([id]) => id);
  return { ...lines, misordered: misordered.length, examples: shown('out of order', misordered) };
}

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function sequences(lines: readonly string[]): Map<string, string> {
  const byId = new Map<string, string>();
  for (const line of lines) {
    const { incident_id: id } = JSON.parse(line) as { incident_id: string };
    byId.set(id, `${byId.get(id) ?? ''}${line}\n`);
  }
  return byId;
}

const shown = (what: string, lines: readonly string[]): string[] =>
  lines.slice(0, EXAMPLES).map((line) => `${what}: ${line.slice(0, SHOWN_CHARACTERS)}`);

/** Several runs of one fault as one. */
export function combine(comparisons: readonly Comparison[]): Comparison {
  const tables = new Map<string, Lines>();
  for (const lines of comparisons.flatMap((it) => it.tables)) {
    const known = tables.get(lines.name);
    tables.set(lines.name, known === undefined ? lines : sum(known, lines));
  }
  return {
    alerts: comparisons.map(({ alerts }) => alerts).reduce(sum),
    tables: [...tables.values()],
    isEqual: comparisons.every(({ isEqual }) => isEqual),
  };
}

const sum = (a: Lines, b: Lines): Lines => ({
  name: a.name,
  expected: a.expected + b.expected,
  equal: a.equal + b.equal,
  missing: a.missing + b.missing,
  twice: a.twice + b.twice,
  other: a.other + b.other,
  misordered: a.misordered + b.misordered,
  examples: [...a.examples, ...b.examples].slice(0, 3 * EXAMPLES),
});
