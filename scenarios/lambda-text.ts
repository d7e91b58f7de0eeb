import type { AppLines } from './app-lines.ts';
import type { Call } from './call.ts';
import type { EventWriter } from './event-text.ts';
import { isoTime } from './event-text.ts';

const RUNTIME_HASH = '07a48df201798d627f2b950f03bb227aab4a655a1d019c3296406f95937e2525';

/** INIT_START of a cold start, stamped when the environment began. */
export function textInit(call: Call, writer: EventWriter): string {
  const runtime = call.profile.dialect === 'python' ? 'python:3.12.v38' : 'nodejs:20.v51';
  const ms = call.startMs - Math.round(call.initMs ?? 0);
  return writer.event(
    ms,
    `INIT_START Runtime Version: ${runtime}\\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:${RUNTIME_HASH}\\n`,
  );
}

export function textStart(call: Call, writer: EventWriter): string {
  return writer.event(call.startMs, `START RequestId: ${call.requestId} Version: ${call.version}\\n`);
}

function statusOf(call: Call): string {
  if (call.profile.failureStyle === 'old') return '';
  if (call.failure === 'timeout') return 'Status: timeout\\t';
  if (call.failure === 'oom') return 'Status: error\\tError Type: Runtime.OutOfMemory\\t';
  return call.failure === 'exit' ? 'Status: error\\tError Type: Runtime.ExitError\\t' : '';
}

/** Old failures carry lines of their own: an exit before END, a timeout after REPORT. */
function exitLine(call: Call): string | null {
  if (call.profile.failureStyle === 'new') return null;
  if (call.failure === 'oom')
    return `RequestId: ${call.requestId} Error: Runtime exited with error: signal: killed\\nRuntime.ExitError\\n`;
  if (call.failure === 'exit')
    return `RequestId: ${call.requestId} Error: Runtime exited with error: exit status 1\\nRuntime.ExitError\\n`;
  return null;
}

function report(call: Call): string {
  const { requestId, profile } = call;
  let line = `REPORT RequestId: ${requestId}\\tDuration: ${call.durationMs.toFixed(2)} ms\\tBilled Duration: ${call.billedMs} ms\\tMemory Size: ${call.memorySizeMb} MB\\tMax Memory Used: ${call.memoryUsedMb} MB\\t`;
  if (call.initMs !== null) line += `Init Duration: ${call.initMs.toFixed(2)} ms\\t`;
  line += `${statusOf(call)}\\n`;
  if (call.traceId !== null)
    line += `XRAY TraceId: ${call.traceId}\\tSegmentId: ${requestId.slice(-12)}${requestId.slice(0, 4)}\\tSampled: true\\t\\n`;
  if (profile.failureStyle === 'new' && call.failure === 'timeout') return line.replace('\\t\\n', '\\n');
  return line;
}

/** Application lines, END and REPORT, with the lines of an old-style failure where they stand. */
export function textEnd(call: Call, lines: AppLines, writer: EventWriter): string {
  let events = '';
  for (const [ms, message] of lines) events += `${writer.event(ms, message)},`;
  const exit = exitLine(call);
  if (exit !== null) events += `${writer.event(call.endMs, exit)},`;
  events += `${writer.event(call.endMs, `END RequestId: ${call.requestId}\\n`)},${writer.event(call.endMs, report(call))}`;
  if (call.failure === 'timeout' && call.profile.failureStyle === 'old') {
    const seconds = (call.profile.timeoutMs / 1000).toFixed(2);
    events += `,${writer.event(call.endMs, `${isoTime(call.endMs)} ${call.requestId} Task timed out after ${seconds} seconds\\n\\n`)}`;
  }
  return events;
}
