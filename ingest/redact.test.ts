import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redact } from './redact.ts';
import { secretKinds, withoutSecrets } from './secrets.ts';

const base64 = 'abcdEFGH1234abcdEFGH1234abcdEFGH1234abcd';
// assembled, so that no scanner of repositories takes them for real ones
const secrets: readonly { kind: string; text: string; secret: string }[] = [
  { kind: 'aws-access-key', secret: `AKIA${'ABCDEFGH12345678'}`, text: 'key AKIAABCDEFGH12345678 used' },
  { kind: 'aws-access-key', secret: `ASIA${'ABCDEFGH12345678'}`, text: '{"accessKeyId":"ASIAABCDEFGH12345678"}' },
  { kind: 'aws-secret-key', secret: base64, text: `aws_secret_access_key = ${base64}` },
  { kind: 'aws-secret-key', secret: base64, text: `{\\"SecretAccessKey\\":\\"${base64}\\"}` },
  { kind: 'aws-session-token', secret: base64.repeat(3), text: `AWS_SESSION_TOKEN=${base64.repeat(3)}` },
  {
    kind: 'private-key',
    secret: 'MIIEow',
    text: '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----',
  },
  { kind: 'private-key', secret: 'MIIEow', text: 'cut: -----BEGIN PRIVATE KEY-----\nMIIEow' },
  {
    kind: 'jwt',
    secret: 'SflKxwRJSMeKKF2QT4',
    text: 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4',
  },
  { kind: 'slack-token', secret: 'xoxb-123456789012-abcdef', text: `slack ${'xoxb'}-123456789012-abcdef` },
  {
    kind: 'slack-webhook',
    secret: 'T00000000/B00000000/XXXXXXXX',
    text: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX',
  },
  { kind: 'github-token', secret: `ghp_${'a1'.repeat(18)}`, text: `git ${'ghp'}_${'a1'.repeat(18)}` },
  { kind: 'stripe-key', secret: `sk_live_${'a1'.repeat(12)}`, text: `stripe ${'sk'}_live_${'a1'.repeat(12)}` },
  { kind: 'google-api-key', secret: `AIza${'a'.repeat(35)}`, text: `maps AIza${'a'.repeat(35)}` },
  { kind: 'connection-string', secret: 's3cretpw', text: 'connect postgres://app:s3cretpw@db.internal:5432/orders' },
  { kind: 'connection-string', secret: base64, text: `AccountName=x;AccountKey=${base64}==;` },
  { kind: 'bearer-token', secret: 'abcdefghij0123456789', text: 'Authorization: Bearer abcdefghij0123456789' },
  { kind: 'basic-auth', secret: 'dXNlcjpwYXNzd29yZA', text: '"authorization":"Basic dXNlcjpwYXNzd29yZA=="' },
  { kind: 'password', secret: 'hunter22', text: 'login failed, password=hunter22' },
  { kind: 'password', secret: 'hunter22', text: '{"user":"a","password":"hunter22"}' },
  { kind: 'password', secret: 'q1w2e3r4t5', text: 'api_key: q1w2e3r4t5' },
  { kind: 'card-number', secret: '4111 1111 1111 1111', text: 'paid with 4111 1111 1111 1111 today' },
  { kind: 'card-number', secret: '378282246310005', text: '{"card":"378282246310005"}' },
];

describe('secrets', () => {
  test.each(secrets)('$kind in $text', ({ kind, secret, text }) => {
    expect(secretKinds(text)).toContain(kind);
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain(`[redacted:${kind}]`);
  });

  test.each([
    'REPORT RequestId: 6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01\tDuration: 12.34 ms',
    'password: ********',
    '{"password":null,"token":"undefined"}',
    'the password is required',
    'invalid password',
    'dd.trace_id=4111111111111111',
    '"order_id": "4111111111111111"',
    '4111111111111112 does not pass the check',
    'https://example.com:8080/path@2',
    'took 1795255200000123 ns',
    '0000000000000000',
  ])('%s holds none', (text) => {
    expect(secretKinds(text)).toEqual([]);
    expect(withoutSecrets(text)).toBe(text);
  });

  test('a secret across the cut leaves no half behind', () => {
    const text = `${'x'.repeat(480)} password=hunter2hunter2hunter2`;
    expect(redact(text, 500)).not.toContain('hunter2');
  });
});

describe('what is shown', () => {
  test.each([
    { name: 'colours go', text: '\u001b[31mred\u001b[0m', shown: 'red' },
    { name: 'a terminal title goes', text: '\u001b]0;owned\u0007text', shown: 'text' },
    { name: 'controls are written out', text: 'a\nb\tc\u0000d', shown: 'a\\nb\\tc\\u0000d' },
    { name: 'marks of direction are written out', text: 'a\u202eb', shown: 'a\\u202eb' },
    { name: 'half a character becomes a whole one', text: 'a\ud800b', shown: 'a\ufffdb' },
    { name: 'a long text is cut', text: 'x'.repeat(20), shown: `${'x'.repeat(9)}…` },
  ])('$name', ({ text, shown }) => {
    expect(redact(text, text.length > 15 && text[0] === 'x' ? 10 : 500)).toBe(shown);
  });

  test('any text becomes well-formed, printable, short, and stays so', async () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    await fc.assert(
      fc.property(fc.string({ unit, maxLength: 300 }), fc.integer({ min: 2, max: 200 }), (text, length) => {
        const shown = redact(text, length);
        expect(shown.length).toBeLessThanOrEqual(length);
        expect(Buffer.from(shown).toString()).toBe(shown);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        expect(redact(shown, length)).toBe(shown);
      }),
    );
  });
});
