import { F, FragmentKind, U } from '../fragment.ts';
import { byteCount } from './lambda-insights.ts';
import { isObject, type JsonFormat, textOf } from './log-event.ts';

/**
 * A metric line in CloudWatch's embedded metric format with `EgressBytes`, number or list of numbers: bytes as the function
 * itself counts them, where Lambda Insights is not installed. Marked `emf`, because the two must not share a baseline.
 */
export const emf: JsonFormat = (value, event) => {
  const directives = value['_aws'];
  if (!isObject(directives) || !Array.isArray(directives['CloudWatchMetrics'])) return false;
  const metric = value['EgressBytes'];
  const bytes = Array.isArray(metric)
    ? metric.reduce((sum: number, part) => sum + byteCount(part), 0)
    : byteCount(metric);
  if (!(bytes <= Number.MAX_SAFE_INTEGER)) return false;
  event.setId(textOf(value['function_request_id']) || textOf(value['requestId']) || textOf(value['request_id']));
  const i = event.add(FragmentKind.insights);
  if (i < 0) return true;
  event.recorder.out.block.f[i * F.stride + F.a] = bytes;
  event.recorder.out.block.u[i * U.stride + U.text] = event.intern('emf');
  return true;
};
