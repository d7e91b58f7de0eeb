import type { AlertEvent } from '../event.ts';

/** One query to run, in the language of the provider's console. */
export interface Query {
  readonly language: string;
  readonly text: string;
}

const REQUEST_ID = /^[0-9A-Za-z-]{1,64}$/;
const MAX_IDS = 5;

/** The alert's requests or, where it names none, what its signal is about; null where the provider has no such language. */
export function queryOf(event: AlertEvent): Query | null {
  if (event.function.provider !== 'aws' || event.function.name === '*') return null;
  return { language: 'CloudWatch Logs Insights', text: insightsLines(event).join('\n') };
}

export function insightsLines(event: AlertEvent): string[] {
  const ids = event.evidence.request_ids.filter((id) => REQUEST_ID.test(id)).slice(0, MAX_IDS);
  const filter =
    ids.length > 0
      ? `filter @requestId in [${ids.map((id) => `"${id}"`).join(', ')}]`
      : (FILTERS[event.signal] ?? 'filter @type = "REPORT"');
  return [
    'fields @timestamp, @requestId, @type, @duration, @message',
    `| ${filter}`,
    '| sort @timestamp asc',
    '| limit 200',
  ];
}

const FILTERS: Readonly<Partial<Record<AlertEvent['signal'], string>>> = {
  errors: 'filter @message like /(?i)error|exception|Status: (error|timeout)/',
  error_type: 'filter @message like /(?i)error|exception/',
  timeouts: 'filter @message like /Task timed out|Status: timeout/',
  oom: 'filter @message like /OutOfMemory|signal: killed|heap out of memory/',
  access: 'filter @message like /(?i)40[13]|denied|not authorized/',
  cold_starts: 'filter ispresent(@initDuration)',
};
