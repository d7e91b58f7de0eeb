import { MAX_DURATION_US, MAX_MEMORY_KIB } from '../bytes.ts';
import { microsOf } from '../decimal.ts';
import { F, Flag, FragmentKind, NONE, U } from '../fragment.ts';
import { type JsonFormat, type JsonObject, textOf } from './log-event.ts';

/**
 * The performance event of the Lambda Insights extension: the only source of bytes per invocation. Durations there are
 * whole milliseconds. On Managed Instances it is periodic and names no request. Source: CloudWatch Lambda Insights guide.
 */
export const lambdaInsights: JsonFormat = (value, event, text) => {
  if (value['event_type'] !== 'performance') return false;
  const name = textOf(value['function_name']);
  if (name === '') {
    event.journal.reject('Lambda Insights event without function_name', text);
    return true;
  }
  const stream = event.identities.named(event.stream.group, name, textOf(value['version']));
  event.setId(textOf(value['request_id']));
  const i = event.recorder.add(FragmentKind.insights | flagsOf(value), stream, event.timeMs);
  if (i < 0) return true;
  event.recorder.setId(i, event.id);
  const { f, u } = event.recorder.out.block;
  const at = i * F.stride;
  f[at + F.durationUs] = microsOf(value['duration'], MAX_DURATION_US);
  f[at + F.billedUs] = microsOf(value['billed_duration'], MAX_DURATION_US);
  f[at + F.initUs] = microsOf(value['init_duration'], MAX_DURATION_US);
  f[at + F.a] = byteCount(value['tx_bytes']);
  f[at + F.b] = byteCount(value['rx_bytes']);
  f[at + F.c] = microsOf(value['cpu_total_time'], MAX_DURATION_US);
  u[i * U.stride + U.memorySizeKib] = kibOf(value['total_memory']);
  u[i * U.stride + U.memoryUsedKib] = kibOf(value['used_memory_max']);
  return true;
};

function flagsOf(value: JsonObject): number {
  let flags = value['cold_start'] === true ? Flag.cold : 0;
  if (value['timeout'] === true) flags |= Flag.failed | Flag.timeout;
  return value['lambda_mode'] === 'managed-instance' ? flags | Flag.managed : flags;
}

/** A whole, exact number of bytes, else NaN. */
export const byteCount = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : Number.NaN;

function kibOf(megabytes: unknown): number {
  if (typeof megabytes !== 'number' || !(megabytes >= 0)) return NONE;
  const kib = Math.round(megabytes * 1024);
  return kib <= MAX_MEMORY_KIB ? kib : NONE;
}
