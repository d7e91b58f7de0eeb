import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;

/** A YAML text as plain data, and the way back from a path in it to a line. */
export interface YamlConfig {
  readonly value: unknown;
  /** `file:line: rule`, for syntax and for variables that are not set; then `value` must not be used */
  readonly problems: readonly string[];
  /** `file:line: path: rule` for each thing the schema objects to */
  describe(issues: readonly Issue[], schema: z.ZodType): string[];
}

/** Reads YAML and puts in the values of `${NAME}`. Never throws for bad YAML. */
export function readYaml(yaml: string, file: string, env: Readonly<Record<string, string | undefined>>): YamlConfig {
  if (yaml.includes('\0') || yaml.includes(REPLACEMENT)) return unreadable(`${file}: not a text file in UTF-8`);
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number | undefined) => `${file}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  const problems = syntaxProblems(document, lineAt);
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) === undefined)
        problems.push(`${lineAt(node.range?.[0])}: ${SAID_OTHERWISE.BAD_ALIAS}`);
    },
    Scalar(_key, node) {
      if (typeof node.value !== 'string') return;
      node.value = node.value.replace(/\$\{([A-Za-z_]\w*)\}/g, (_all, name: string) => {
        const value = env[name];
        if (value === undefined) problems.push(`${lineAt(node.range?.[0])}: environment variable ${name} is not set`);
        return value ?? '';
      });
    },
  });
  const root = document.contents;
  return {
    value: problems.length > 0 ? undefined : (document.toJS() ?? {}),
    problems,
    describe: (issues, schema) => {
      const given: unknown = document.toJS();
      return issues
        .flatMap((issue) => explode(issue, schema, given))
        .map(({ path, rule }) => ({ offset: offsetOf(root, path), path, rule }))
        .sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
        .map(({ offset, path, rule }) => `${lineAt(offset)}: ${path.length === 0 ? 'top' : path.join('.')}: ${rule}`);
    },
  };
}

/** What stands for bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';
const MOST_SYNTAX_PROBLEMS = 20;

const unreadable = (problem: string): YamlConfig => ({ value: undefined, problems: [problem], describe: () => [] });

/** The first of them: a file that is no YAML at all has thousands. */
function syntaxProblems({ errors, warnings }: Document, lineAt: (offset: number) => string): string[] {
  const all = [...errors, ...warnings];
  const told = all.slice(0, MOST_SYNTAX_PROBLEMS).map((it) => {
    const said = lowerFirst(it.message.replace(/ in YAML stream: .*/s, '')); // it quotes the value, which may be a secret
    return `${lineAt(it.pos[0])}: ${SAID_OTHERWISE[it.code] ?? said}`;
  });
  return all.length > told.length ? [...told, `and ${all.length - told.length} more`] : told;
}

/** Whose own texts repeat the value, which may be a secret. */
const SAID_OTHERWISE: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias without its anchor; put a text that begins with * in quotes',
  TAG_RESOLVE_FAILED: 'a tag that is not known; put a text that begins with ! in quotes',
};

type Path = readonly PropertyKey[];

/** One problem a wrong key, with what may have been meant; any other issue as it is. */
function explode(issue: Issue, schema: z.ZodType, given: unknown): { path: Path; rule: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, rule: ruleOf(issue) }];
  const known = keysAt(schema, issue.path, given);
  const isInList = issue.path.some((step) => typeof step === 'number');
  return issue.keys.map((key) => {
    // what another section calls so says nothing about an item of a list
    const meant = nearest(key, known) ?? longerThan(key, known) ?? (isInList ? undefined : elsewhere(schema, key));
    return { path: [...issue.path, key], rule: `unknown key${meant === undefined ? '' : `, did you mean ${meant}?`}` };
  });
}

const ruleOf = ({ message }: Issue): string =>
  lowerFirst(message).replace(/^invalid input: expected (\w+), received undefined$/, 'is missing ($1)');

/** The shortest name that has the word in it: `webhookUrl` for `url`. */
function longerThan(word: string, known: readonly string[]): string | undefined {
  const having = word.length < 3 ? [] : known.filter((name) => name.toLowerCase().includes(word.toLowerCase()));
  return having.sort((a, b) => a.length - b.length)[0];
}

/** The path at which the schema does know this key. */
function elsewhere(schema: z.ZodType, key: string): string | undefined {
  for (const section of keysAt(schema, [])) {
    if (keysAt(schema, [section]).includes(key)) return `${section}.${key}`;
  }
  return undefined;
}

/** The keys an object schema knows at a path; none where it is no object. `given` tells which kind it is, of several. */
function keysAt(schema: z.ZodType, path: Path, given?: unknown): string[] {
  let at: unknown = schema;
  let value = given;
  for (const step of [...path, null]) {
    at = unwrapped(at);
    const { shape, element } = at as { shape?: Record<string, unknown>; element?: unknown };
    if (step === null) return shape === undefined ? keysOfOptions(at, value) : Object.keys(shape);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
    at = typeof step === 'number' ? element : shape?.[String(step)];
    if (at === undefined) return [];
  }
  return [];
}

interface Kinds {
  readonly options?: readonly {
    readonly shape?: Readonly<Record<string, { def?: { values?: readonly unknown[] } }>>;
  }[];
  readonly def?: { readonly discriminator?: string };
}

/** The keys that the kind knows which is given, or else any of them. */
function keysOfOptions(schema: unknown, given: unknown): string[] {
  const { options = [], def } = schema as Kinds;
  const name = def?.discriminator ?? '';
  const kind = (given as Record<string, unknown> | null | undefined)?.[name];
  const meant = options.filter(({ shape }) => shape?.[name]?.def?.values?.includes(kind) === true);
  return [...new Set((meant.length > 0 ? meant : options).flatMap(({ shape = {} }) => Object.keys(shape)))];
}

/** The schema inside defaults and optionals. */
function unwrapped(schema: unknown): unknown {
  let inner = schema as { def?: { innerType?: unknown } };
  while (inner.def?.innerType !== undefined) inner = inner.def.innerType as typeof inner;
  return inner;
}

/** Where the value, or a wrong key, stands; what does not stand there has the place of what it is missing from. */
function offsetOf(root: Node | null, path: Path): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((it) => isScalar(it.key) && String(it.key.value) === String(step));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      const item = (node as { items?: unknown[] } | null)?.items?.[Number(step)];
      offset = (item as Node | undefined)?.range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
