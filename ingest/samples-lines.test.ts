import { describe, expect, test } from '@jest/globals';
import { dataMessage, LOG_GROUP, parseAll, type Readable } from '../test/readable.ts';
import { COMMON, expectedReport, json, linesOf, sample } from '../test/samples.ts';

function parseMessage(message: string): Readable[] {
  const { fragments, rejects } = parseAll(dataMessage([message]));
  expect(rejects).toEqual([]);
  return fragments;
}

const reportLines = linesOf('aws/report_lines.ndjson').map((line) => json(line)['message'] as string);
const textCases = linesOf('synthetic/lambda_text_cases.ndjson').map(json) as {
  case: string;
  message: string;
  expect: Readable;
}[];

describe('text lines', () => {
  test.each(reportLines)('%j', (message) => {
    expect(parseMessage(message)).toEqual([expectedReport(message)]);
  });

  const reports = textCases.filter((it) => it.expect['kind'] === 'report');
  test.each(reports)('$case', ({ message, expect: told }) => {
    const [fragment] = parseMessage(message);
    expect(fragment).toEqual(expectedReport(message));
    expect(fragment).toMatchObject({
      id: told['request_id'],
      durationUs: Math.round((told['duration_ms'] as number) * 1000),
    });
    expect(fragment?.['billedUs']).toBe((told['billed_ms'] as number) * 1000);
  });

  const id = (end: string): string => `6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b${end}`;
  const others: Record<string, Readable[]> = {
    start: [{ kind: 'start', id: id('01') }],
    start_numbered_version: [{ kind: 'start', id: id('02'), version: '42' }],
    end: [],
    legacy_timeout: [{ kind: 'failure', flags: 'failed timeout', id: id('0f'), a: 3_000_000 }],
    legacy_exit_killed: [{ kind: 'failure', flags: 'failed oom', id: id('10'), text: 'Runtime.ExitError' }],
    legacy_exit_status: [{ kind: 'failure', flags: 'failed', id: id('11'), text: 'Runtime.ExitError' }],
    legacy_exit_no_reason: [{ kind: 'failure', flags: 'failed', id: id('12'), text: 'Runtime.ExitError' }],
    very_old_exit: [{ kind: 'failure', flags: 'failed', id: id('13'), text: 'Runtime.ExitError' }],
    init_start: [{ kind: 'init', text: 'nodejs:22.v40' }],
    init_start_durable: [{ kind: 'init', flags: 'durable', text: 'python:3.14.DurableFunction.v6' }],
    init_report_timeout: [{ kind: 'init', flags: 'failed timeout statusKnown', initUs: 9_999_470 }],
    init_report_error: [{ kind: 'init', flags: 'failed statusKnown', initUs: 488_220, text: 'Runtime.ExitError' }],
    restore_start: [{ kind: 'init', text: 'java:21.v30' }],
    restore_report: [{ kind: 'init', b: 398_970 }],
    restore_report_timeout: [{ kind: 'init', flags: 'failed timeout statusKnown', b: 10_000_000 }],
    extension_ready: [],
    telemetry_subscribed: [],
    logs_subscribed: [],
    lambda_warning: [],
    node_app: [{ kind: 'failure', flags: 'failed', id: id('01'), text: 'TypeError' }],
    node_app_init: [],
    python_app: [],
    python_traceback: [{ kind: 'failure', flags: 'failed', text: 'KeyError' }],
    app_spoof_not_report: [],
  };
  test.each(textCases.filter((it) => it.expect['kind'] !== 'report'))('$case', (it) => {
    expect(parseMessage(it.message)).toEqual(
      (others[it.case] ?? ['no expectation']).map((told) => Object.assign({}, COMMON, told)),
    );
  });

  test('serverless-framework messages', () => {
    const messages = linesOf('aws/serverless-framework/messages.ndjson').map((line) => json(line)['message'] as string);
    expect(
      messages.map((message) => parseMessage(message).map(({ kind, id: request, text }) => [kind, request, text])),
    ).toEqual([
      [['report', '99c30000-b01a-11e5-93f7-b8e85631a00e', undefined]],
      [['failure', undefined, 'Runtime.ExitError']],
      [],
      [],
    ]);
  });
});

describe('platform events', () => {
  const files = [
    'synthetic/lambda_json_lines.ndjson',
    'aws/datadog-serverless-functions/platform_report.ndjson',
    'aws/datadog-lambda-extension/telemetry_events.ndjson',
    'aws/aws-samples-lambda-extensions/telemetry_events.ndjson',
    'aws/sumologic-lambda-extensions/logs_api_events_2020.ndjson',
    'aws/aws-lambda-power-tuning/json_lines.ndjson',
  ];
  type Platform = {
    time: string;
    type: string;
    record: { requestId: string; status?: string; errorType?: string; metrics: Record<string, number> };
  };
  const reports = files.flatMap((file) => linesOf(file).filter((line) => line.includes('platform.report')));

  test.each(reports)('%s', (line) => {
    const { time, record } = json(line) as unknown as Platform;
    const { metrics, status, errorType } = record;
    const us = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms * 1000));
    const { fragments, rejects } = parseAll(line, { logGroup: LOG_GROUP, account: '123456789012' });
    const isTimeout =
      status === 'timeout' ||
      (status === undefined && metrics['billedDurationMs']! < Math.floor(metrics['durationMs']!));
    const flags = [
      ...(isTimeout || status === 'error' ? ['failed'] : []),
      ...(isTimeout ? ['timeout'] : []),
      ...(metrics['initDurationMs'] !== undefined || metrics['restoreDurationMs'] !== undefined ? ['cold'] : []),
      ...(status === undefined ? [] : ['statusKnown']),
      ...(metrics['billedDurationMs'] === undefined ? ['managed'] : []),
    ];
    const told: Readable = {
      kind: 'report',
      fn: COMMON.fn,
      time: Date.parse(time),
      flags: flags.join(' ') || undefined,
      id: record.requestId,
      durationUs: us(metrics['durationMs']),
      billedUs: us(metrics['billedDurationMs']),
      initUs: us(metrics['initDurationMs']),
      b: us(metrics['restoreDurationMs']),
      c: us(metrics['billedRestoreDurationMs']),
      memoryMib: metrics['memorySizeMB'],
      usedMib: metrics['maxMemoryUsedMB'],
      text: errorType,
    };
    expect(fragments).toEqual([Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))]);
    expect(rejects).toEqual([]);
  });

  test.each([
    {
      file: files[0]!,
      kinds: 'init init start report report report report report logsDropped',
      platform: 3,
      application: 1,
    },
    { file: files[2]!, kinds: 'init init init init init start report report logsDropped', platform: 5, application: 2 },
    { file: files[3]!, kinds: 'init start report start report', platform: 15, application: 1 },
    { file: files[4]!, kinds: 'start report', platform: 2, application: 6 },
    {
      file: 'aws/aws-samples-lambda-extensions/logs_api_batch_2020.json',
      kinds: 'start report',
      platform: 3,
      application: 0,
    },
  ])('$file', ({ file, kinds, platform, application }) => {
    const { fragments, rejects, stats } = parseAll(sample(file), { logGroup: LOG_GROUP });
    expect(fragments.map(({ kind }) => kind).join(' ')).toBe(kinds);
    expect([stats.platformLines, stats.applicationLines, rejects.length]).toEqual([platform, application, 0]);
  });

  test('init, restore and dropped logs', () => {
    const { fragments } = parseAll(sample(files[2]!), { logGroup: LOG_GROUP });
    expect(fragments.slice(0, 5).map(({ initUs, b, flags, text }) => [initUs, b, flags, text])).toEqual([
      [undefined, undefined, undefined, undefined],
      [500_000, undefined, undefined, undefined],
      [undefined, undefined, undefined, undefined],
      [undefined, 150_500, 'statusKnown', undefined],
      [undefined, undefined, 'failed statusKnown', 'RestoreError'],
    ]);
    expect(fragments.at(-1)).toMatchObject({ kind: 'logsDropped', a: 1, b: 1024 });
    expect(parseAll(sample(files[0]!), { logGroup: LOG_GROUP }).fragments[0]).toMatchObject({
      kind: 'init',
      version: '$LATEST',
      text: 'nodejs:22.v40',
      memoryMib: 512,
    });
  });
});
