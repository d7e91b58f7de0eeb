import type { AppLines } from './app-lines.ts';
import type { Call } from './call.ts';
import { type EventWriter, isoTime } from './event-text.ts';

function platform(ms: number, type: string, record: string): string {
  return `{\\"time\\":\\"${isoTime(ms)}\\",\\"type\\":\\"platform.${type}\\",\\"record\\":{${record}}}`;
}

/** platform.initStart of a cold start, stamped when the environment began. */
export function jsonInit(call: Call, writer: EventWriter): string {
  const ms = call.startMs - Math.round(call.initMs ?? 0);
  const record = `\\"initializationType\\":\\"on-demand\\",\\"phase\\":\\"init\\",\\"runtimeVersion\\":\\"nodejs:20.v51\\",\\"functionName\\":\\"${call.profile.name}\\",\\"functionVersion\\":\\"${call.version}\\",\\"instanceMaxMemory\\":${call.memorySizeMb * 1048576}`;
  return writer.event(ms, platform(ms, 'initStart', record));
}

export function jsonStart(call: Call, writer: EventWriter): string {
  return writer.event(
    call.startMs,
    platform(call.startMs, 'start', `\\"requestId\\":\\"${call.requestId}\\",\\"version\\":\\"${call.version}\\"`),
  );
}

function outcome(call: Call): string {
  if (call.failure === null) return '\\"status\\":\\"success\\"';
  if (call.failure === 'timeout') return '\\"status\\":\\"timeout\\"';
  if (call.failure === 'oom') return '\\"status\\":\\"error\\",\\"errorType\\":\\"Runtime.OutOfMemory\\"';
  if (call.failure === 'exit') return '\\"status\\":\\"error\\",\\"errorType\\":\\"Runtime.ExitError\\"';
  return '\\"status\\":\\"error\\"';
}

/** Application lines and platform.report. */
export function jsonEnd(call: Call, lines: AppLines, writer: EventWriter): string {
  let events = '';
  for (const [ms, message] of lines) events += `${writer.event(ms, message)},`;
  const init = call.initMs === null ? '' : `,\\"initDurationMs\\":${call.initMs.toFixed(2)}`;
  const metrics = `{\\"durationMs\\":${call.durationMs.toFixed(3)},\\"billedDurationMs\\":${call.billedMs},\\"memorySizeMB\\":${call.memorySizeMb},\\"maxMemoryUsedMB\\":${call.memoryUsedMb}${init}}`;
  const trace =
    call.traceId === null
      ? ''
      : `,\\"tracing\\":{\\"spanId\\":\\"${call.requestId.slice(-12)}0000\\",\\"type\\":\\"X-Amzn-Trace-Id\\",\\"value\\":\\"Root=${call.traceId};Parent=${call.requestId.slice(-12)}0000;Sampled=1\\"}`;
  const record = `\\"requestId\\":\\"${call.requestId}\\",\\"metrics\\":${metrics}${trace},${outcome(call)}`;
  return events + writer.event(call.endMs, platform(call.endMs, 'report', record));
}
