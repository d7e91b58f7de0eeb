import type { Answers, DestinationAnswer, SourceAnswer } from './answers.ts';

/** As YAML: JSON's strings are. */
const quoted = (text: string): string => JSON.stringify(text);

/** The commented config file of these answers. Holds names of environment variables, no secret. */
export function configText({ source, destinations, store, pagesPerWeek, timeZone }: Answers): string {
  const lines = [
    '# Tripline: settings of the running installation. docs/cli.md tells every key.',
    '# tripline doctor tests it, tripline run starts with it, tripline reload takes changes.',
    `# \${NAME} in a value is the environment variable NAME where tripline runs: secrets do not belong into this file.`,
    '',
    '# Daily and weekly rhythm follow this zone.',
    `timeZone: ${timeZone}`,
    '',
    '# How often somebody may be paged; all other alerts wait for the digest.',
    `pages_per_week: ${pagesPerWeek}`,
    '',
    ...sourceLines(source),
    '',
    '# Who is told. Several may stand here, each with a name of its own.',
    ...(destinations.length === 0
      ? ['destinations: []']
      : ['destinations:', ...destinations.flatMap(destinationLines)]),
    '',
    '# Where what is found is kept for tripline query, explain and functions: a folder, the URL of a ClickHouse server, or none.',
    `store: ${quoted(store)}`,
    '',
    '# State and the log of what was read. One process at a time has them.',
    'state: ./.tripline/state',
    'bus: local',
    '',
    '# Health and metrics; only this machine reaches them.',
    'http:',
    '  listen: 127.0.0.1:9464',
  ];
  return `${lines.join('\n')}\n`;
}

function sourceLines(source: SourceAnswer): string[] {
  switch (source.kind) {
    case 'cloudwatch':
      return [
        '# Log groups of these regions are found by their names, and polled: busy ones each second, quiet ones each minute.',
        'sources:',
        '  - cloudwatch:',
        source.regions.length === 0
          ? '      # regions: [eu-west-1] # default: AWS_REGION'
          : `      regions: [${source.regions.map(quoted).join(', ')}]`,
        `      prefix: ${quoted(source.prefix)}`,
        ...(source.roleArn === null
          ? [
              '      # roles: [{ roleArn: "arn:aws:iam::123456789012:role/tripline" }] # other accounts, by roles to assume',
            ]
          : [`      roles: [{ roleArn: ${quoted(source.roleArn)} }]`]),
      ];
    case 'firehose':
      return [
        '# A Firehose delivery stream sends to https://<this host>/firehose. It needs TLS: here, or at a proxy before this.',
        'listen:',
        `  address: ${quoted(source.address)}`,
        ...(isLocal(source.address)
          ? ['  # tls: { cert: ./cert.pem, key: ./key.pem }']
          : ['  tls: { cert: ./cert.pem, key: ./key.pem }']),
        '  firehose:',
        `    accessKey: ${variable(source.keyEnv)}`,
      ];
    case 'files':
      return [
        '# Files that grow, are rotated or appear are followed.',
        'sources:',
        `  - files: [${source.files.map(quoted).join(', ')}]`,
        ...(source.logGroup === null
          ? ['    # logGroup: /aws/lambda/pay # of lines that do not tell theirs']
          : [`    logGroup: ${quoted(source.logGroup)}`]),
      ];
    case 'stdin':
      return ['# Logs come by standard input: tripline run -', 'sources: []'];
  }
}

const isLocal = (address: string): boolean => /^(127\.|localhost:|\[::1\])/.test(address);

const variable = (name: string): string => `"\${${name}}"`;

function destinationLines(destination: DestinationAnswer): string[] {
  switch (destination.kind) {
    case 'slack':
      return ['  - type: slack', `    webhookUrl: ${variable(destination.env)}`];
    case 'slack-bot':
      return [
        '  - type: slack-bot',
        `    token: ${variable(destination.env)}`,
        `    channel: ${quoted(destination.channel)}`,
      ];
    case 'pagerduty':
      return ['  - type: pagerduty', `    routingKey: ${variable(destination.env)}`];
    case 'webhook':
      return ['  - type: webhook', `    url: ${variable(destination.env)}`];
    case 'terminal':
      return ['  - type: stdout'];
  }
}

/** Names of the environment variables that the file needs, in order. */
export function variablesOf({ source, destinations }: Answers): string[] {
  const names = destinations.flatMap((it) => ('env' in it ? [it.env] : []));
  return [...new Set([...(source.kind === 'firehose' ? [source.keyEnv] : []), ...names])];
}
