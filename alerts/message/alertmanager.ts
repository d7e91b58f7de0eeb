import { fit } from './clean.ts';
import type { Message } from './message.ts';
import { plainText } from './plain-text.ts';

export interface AlertmanagerParts {
  /** the same over an incident's life: they are its identity there */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const LABEL = 200;
const SUMMARY = 500;
const DESCRIPTION = 4000;

/** Labels and annotations of Alertmanager's API v2. What may change, severity too, is an annotation. */
export function alertmanagerParts(message: Message): AlertmanagerParts {
  const { place, link, explain } = message;
  const labels = {
    alertname: 'Tripline',
    function: place.name,
    account: place.account,
    region: place.region,
    signal: message.signal,
    incident_id: message.incidentId,
  };
  return {
    labels: withValue(labels, LABEL),
    annotations: withValue(
      {
        summary: fit(message.title, SUMMARY),
        description: fit(plainText(message), DESCRIPTION),
        severity: message.severity,
        status: message.status,
        advice: message.advice,
        explain,
        logs_url: link?.href ?? null,
      },
      DESCRIPTION,
    ),
  };
}

/** An empty label is no label. */
function withValue(values: Readonly<Record<string, string | null>>, limit: number): Record<string, string> {
  const known = Object.entries(values).filter(
    (entry): entry is [string, string] => entry[1] !== null && entry[1] !== '',
  );
  return Object.fromEntries(known.map(([name, text]) => [name, fit(text, limit)]));
}
