import type { Call } from './call.ts';
import { type EventWriter, escaped } from './event-text.ts';

const UNITS = [['memory_utilization', 'Percent'], ['total_network', 'Bytes'], ['tx_bytes', 'Bytes'], ['rx_bytes', 'Bytes'],
  ['cpu_total_time', 'Milliseconds'], ['duration', 'Milliseconds'], ['used_memory_max', 'Megabytes'], ['total_memory', 'Megabytes']]; // biome-ignore format: a list
const DIRECTIVE = escaped(
  JSON.stringify({
    Namespace: 'LambdaInsights',
    Dimensions: [['function_name'], ['function_name', 'version']],
    Metrics: UNITS.map(([Name, Unit]) => ({ Name, Unit })),
  }),
);

/** The performance event that the Lambda Insights extension writes for a call: the only source of bytes and cpu. */
export function insightsEvent(call: Call, ms: number, writer: EventWriter): string {
  const { txBytes, rxBytes, memorySizeMb, memoryUsedMb } = call;
  const duration = Math.round(call.durationMs);
  const cpu = Math.round(call.cpuMs);
  const cold =
    call.initMs === null
      ? '\\"cold_start\\":false'
      : `\\"cold_start\\":true,\\"init_duration\\":${Math.round(call.initMs)}`;
  const timeout = call.failure === 'timeout' ? ',\\"timeout\\":true,\\"shutdown_reason\\":\\"Timeout\\"' : '';
  const user = Math.round(cpu * 0.8);
  return writer.event(
    ms,
    `{\\"cpu_user_time\\":${user},\\"cpu_system_time\\":${cpu - user},\\"cpu_total_time\\":${cpu},\\"duration\\":${duration},\\"billed_duration\\":${call.billedMs},\\"billed_mb_ms\\":${call.billedMs * memorySizeMb},${cold},\\"used_memory_max\\":${memoryUsedMb},\\"total_memory\\":${memorySizeMb},\\"memory_utilization\\":${Math.round((100 * memoryUsedMb) / memorySizeMb)},\\"rx_bytes\\":${rxBytes},\\"tx_bytes\\":${txBytes},\\"total_network\\":${rxBytes + txBytes},\\"function_name\\":\\"${call.profile.name}\\",\\"version\\":\\"${call.version}\\",\\"request_id\\":\\"${call.requestId}\\",\\"event_type\\":\\"performance\\",\\"agent_version\\":\\"1.0.72.0\\"${timeout},\\"_aws\\":{\\"Timestamp\\":${ms},\\"CloudWatchMetrics\\":[${DIRECTIVE}],\\"LambdaInsights\\":{\\"ShareTelemetry\\":true}}}`,
  );
}
