/** A line of JSON for people: `12:00:00.000 warn  bus: broker is away  attempt=3 error="no answer (ETIMEDOUT)"`, UTC. */
export function textLine(json: string): string {
  const { time, level, component, message, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const head = `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${component === undefined ? '' : `${component}: `}`;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${valueText(value)}`);
  return `${head}${message}${rest.length > 0 ? ' ' : ''}${rest.join('')}\n`;
}

/** Errors are their message and code, which is what operators need; the stack is in the JSON. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (!isError(value)) return JSON.stringify(value);
  const code = value.code === undefined ? '' : ` (${value.code})`;
  const cause = isError(value.cause) ? `: ${value.cause.message}` : '';
  return JSON.stringify(`${value.message}${code}${cause}`);
}

interface LoggedError {
  readonly message: string;
  readonly stack: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

const isError = (value: unknown): value is LoggedError =>
  typeof value === 'object' && value !== null && 'stack' in value && 'message' in value;
