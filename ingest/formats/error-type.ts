/** `KeyError: 'id'`, `java.lang.IllegalStateException: x`, `Runtime.ImportModuleError: …` at the start of a line */
const NAMED =
  /^(?:Uncaught\s+)?((?:[A-Za-z_$][\w$]{0,80}\.){0,8}[A-Z][\w$]{0,80}(?:Error|Exception|Fault|Timeout|Interrupt|Exit|Failure))(?=:|\s*$|\s*\n)/;
/** the same, or any class name, on the last line of a Python traceback, which is the first that is not indented */
const TRACEBACK = /Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)*([A-Za-z_][\w.]{0,160})(?=:|\s*\n|\s*$)/;
const JSON_TYPE = /\\?"errorType\\?"\s?:\s?\\?"([\w.$<>: -]{1,160})\\?"/;

/** The class of the error that a line is about, as its runtime names it; empty if it names none. Linear. */
export function errorTypeOf(text: string): string {
  const head = text.slice(0, 16_000);
  return JSON_TYPE.exec(head)?.[1] ?? TRACEBACK.exec(head)?.[1] ?? NAMED.exec(head)?.[1] ?? '';
}

/** Last words of a runtime that found no memory left. */
const OUT_OF_MEMORY: readonly (readonly [RegExp, string])[] = [
  [/\bJavaScript heap out of memory\b/, 'JavaScriptHeapOutOfMemory'],
  [/fatal error: runtime: out of memory/, 'runtime: out of memory'],
  [/\bjava\.lang\.OutOfMemoryError\b/, 'java.lang.OutOfMemoryError'],
  [/failed to allocate memory \(NoMemoryError\)/, 'NoMemoryError'],
  [/(?:^|\n|\[ERROR\]\s)MemoryError(?=:|\s*\n|\s*$)/, 'MemoryError'],
];
const HINT = /memory/i;

/** The error type of an out-of-memory line, empty for any other line. */
export function outOfMemoryType(text: string): string {
  if (!HINT.test(text)) return '';
  for (const [pattern, type] of OUT_OF_MEMORY) if (pattern.test(text)) return type;
  return '';
}
