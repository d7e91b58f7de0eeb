import type { AlertEvent, Signal } from '../event.ts';
import { entryOf } from './clean.ts';
import { splitOf } from './headline.ts';

/** What to check first, one or two short sentences. */
export function adviceOf(event: AlertEvent): string {
  const detail = typeof event.evidence.detail === 'string' ? event.evidence.detail.split(':', 1)[0]! : '';
  const versions = splitOf(event);
  if (versions !== null && versions.claim !== 'alike')
    return `Roll back ${versions.version} or move its traffic away, then read its errors.`;
  if ((event.functions?.length ?? 0) > 1 && event.signal !== 'telemetry')
    return 'Look first at what these functions share: a service they call, the network, a quota of the account.';
  const byDetail = entryOf(OF_DETAIL, detail);
  if (byDetail !== undefined) return byDetail;
  if (
    event.signal === 'invocations' &&
    event.observed !== null &&
    event.expected !== null &&
    event.observed < event.expected.mid
  )
    return OF_SIGNAL.silence;
  return OF_SIGNAL[event.signal];
}

const OF_SIGNAL: Readonly<Record<Signal, string>> = {
  invocations:
    'Find who calls: a client that retries, a loop between functions, or an attack. A limit on concurrency stops the bill.',
  cost: 'See whether calls became more or longer. A limit on concurrency stops the bill.',
  duration: 'See whether what it calls (database, API) is slow, then whether its input has grown.',
  errors: 'Open one of the requests below and read its error. Then see what was deployed or changed at that time.',
  error_type: 'Open one of the requests below and read the new error and the input that caused it.',
  timeouts: 'See whether what it calls (database, API) answers. A call that waits is billed until its time limit.',
  oom: 'Compare the memory it uses with its limit. Raise the limit to gain time, then look for large inputs or a leak.',
  egress: 'See where the data goes and whether that is meant. If nobody can say, take away its access now.',
  memory: 'See whether it grows from call to call (a leak) or with the size of its input.',
  cold_starts: 'See whether it was deployed, scaled out or lost its reserved capacity at that time.',
  silence:
    'See whether its trigger (schedule, queue, API) is switched off or failing, and whether its logs still arrive.',
  lifecycle: 'Make sure that somebody of yours made this change.',
  access: 'See who is denied: a role or key that was changed, or somebody who tries doors.',
  content: 'Read the line in the log and see which code writes it.',
  telemetry:
    'Check the way logs take (subscription, stream, permissions) before the functions: nobody is watching them now.',
  pattern: 'Compare a request of now with one of an hour ago: duration, memory and errors together.',
};

const OF_DETAIL: Readonly<Record<string, string>> = {
  secret: 'Replace that secret now: everyone who reads the log has it. Then take it out of the log line.',
  verbose: 'Make sure that the details do not reach callers, and turn debug output off.',
  'dormant-awake': 'Find out who calls it. If nobody needs it, remove its trigger.',
  'new-function-burst': 'Make sure that somebody of yours deployed it and that its traffic is meant.',
  'memory-grown': 'Make sure that the larger size is meant: it is paid for with every call.',
  'logs-dropped': 'What the function did in that time cannot be seen. Write less to the log.',
};
