import { describe, expect, test } from '@jest/globals';
import { FINDING } from '../test/verdicts.ts';
import { impactOf, largestOf, sumOf, worthOf } from './impact.ts';
import { severityOf } from './incident.ts';
import type { Finding } from './signals/signal.ts';

const SHIFT = { kind: 'student-log2', mean: 1, spread: 1, freedom: 4 };
const found = (more: Partial<Finding>): Finding => ({ ...FINDING, ...more });

describe('the impact an hour', () => {
  test.each<{ name: string; finding: Finding; minutes: number; part: object }>([
    { name: 'of failures', finding: found({ observed: 31, mid: 1 }), minutes: 5, part: { failed: 360 } },
    {
      name: 'of a silence',
      finding: found({ signal: 'silence', direction: 'down', observed: 0, mid: 30 }),
      minutes: 60,
      part: { lost: 30 },
    },
    { name: 'of a surge', finding: found({ signal: 'invocations' }), minutes: 1, part: { surplus: 1740 } },
    {
      name: 'of a drop',
      finding: found({ signal: 'invocations', direction: 'down', observed: 10, mid: 40 }),
      minutes: 15,
      part: { lost: 120 },
    },
    {
      name: 'of all calls slower',
      finding: found({ signal: 'duration', model: SHIFT, support: 12 }),
      minutes: 60,
      part: { slow: 12 },
    },
    {
      name: 'of some calls slow',
      finding: found({ signal: 'duration', observed: 9, mid: 2, support: 9 }),
      minutes: 60,
      part: { slow: 7 },
    },
    {
      name: 'of bytes in all',
      finding: found({ signal: 'egress', unit: 'bytes', observed: 5000, mid: 1000 }),
      minutes: 60,
      part: { bytes: 4000 },
    },
    {
      name: 'of bytes a call',
      finding: found({ signal: 'egress', unit: 'bytes per call', observed: 500, mid: 100, support: 10 }),
      minutes: 60,
      part: { bytes: 4000 },
    },
    { name: 'of cost', finding: found({ signal: 'cost' }), minutes: 1, part: { usd: 3 } },
  ])('$name', ({ finding, minutes, part }) => {
    const none = { usd: 3, failed: 0, lost: 0, slow: 0, surplus: 0, bytes: 0 };
    expect(impactOf(finding, 3, minutes)).toEqual({ ...none, ...part });
  });

  test('is never negative, and is known without a finding', () => {
    expect(worthOf(impactOf(found({ observed: 0, mid: 5 }), -3, 1))).toBe(0);
    expect(impactOf(null, 2, 1).usd).toBe(2);
  });

  test('adds up over functions, and counts what two signals see of one function once', () => {
    const [a, b] = [impactOf(found({ observed: 61 }), 1, 60), impactOf(found({ signal: 'cost' }), 4, 60)];
    expect(sumOf([a, b])).toMatchObject({ usd: 5, failed: 60 });
    expect(largestOf(a, b)).toMatchObject({ usd: 4, failed: 60 });
  });
});

describe('severity goes by impact:', () => {
  const many = { observed: 100, mid: 1, ratio: 100, support: 100 };
  test.each<{ name: string; finding: Finding; usd?: number; minutes: number; severity: string }>([
    {
      name: 'four times a ten-thousandth of a dollar is no error',
      finding: found({ signal: 'cost', ratio: 4 }),
      usd: 0.0003,
      minutes: 60,
      severity: 'warning',
    },
    {
      name: 'four times a dollar is one',
      finding: found({ signal: 'cost', ratio: 4 }),
      usd: 3,
      minutes: 60,
      severity: 'error',
    },
    {
      name: 'a slight rise of a large bill is one',
      finding: found({ signal: 'cost', ratio: 2 }),
      usd: 8,
      minutes: 60,
      severity: 'error',
    },
    {
      name: '$50 an hour are critical',
      finding: found({ signal: 'cost', ratio: 2 }),
      usd: 50,
      minutes: 60,
      severity: 'critical',
    },
    { name: 'a hundred failures a minute are critical', finding: found(many), minutes: 1, severity: 'critical' },
    { name: 'a hundred failures in 4 hours are an error', finding: found(many), minutes: 240, severity: 'error' },
    {
      name: '3 failures are a warning',
      finding: found({ observed: 3, mid: 0, ratio: 900, support: 3 }),
      minutes: 60,
      severity: 'warning',
    },
    {
      name: 'a failed share that is slight, of very many calls, is critical',
      finding: found({ observed: 9000, mid: 3600, ratio: 2.5, support: 9000 }),
      minutes: 60,
      severity: 'critical',
    },
    {
      name: 'ten times hardly any calls are a warning',
      finding: found({ signal: 'invocations', observed: 20, mid: 1, ratio: 20, support: 20 }),
      minutes: 60,
      severity: 'warning',
    },
    {
      name: 'ten times 20 calls a minute are critical',
      finding: found({ signal: 'invocations', observed: 240, mid: 20, ratio: 12, support: 240 }),
      minutes: 1,
      severity: 'critical',
    },
    {
      name: 'the silence of a call an hour is a warning, however long',
      finding: found({ signal: 'silence', direction: 'down', observed: 0, mid: 120, support: 120 }),
      minutes: 7200,
      severity: 'warning',
    },
    {
      name: 'the silence of a busy function is critical',
      finding: found({ signal: 'silence', direction: 'down', observed: 0, mid: 120, support: 120 }),
      minutes: 10,
      severity: 'critical',
    },
    {
      name: 'a drop of many calls is an error',
      finding: found({ signal: 'invocations', direction: 'down', observed: 100, mid: 400, ratio: 0.25, support: 100 }),
      minutes: 15,
      severity: 'error',
    },
    {
      name: 'twice as many bytes of a large export are an error, not critical',
      finding: found({ signal: 'egress', unit: 'bytes', observed: 2e12, mid: 1e12, ratio: 2, support: 50 }),
      minutes: 60,
      severity: 'error',
    },
  ])('$name', ({ finding, usd = 0, minutes, severity }) => {
    expect(severityOf(finding, usd, minutes)).toBe(severity);
  });
});
