/** Shapes of text that should not be in a log. Every pattern is linear: bounded repetition, no nested quantifiers. */
interface SecretShape {
  readonly kind: string;
  /** global; group 1, where there is one, is the secret part of the match */
  readonly pattern: RegExp;
  readonly isReal?: (secret: string, text: string, at: number) => boolean;
}

const SHAPES: readonly SecretShape[] = [
  {
    kind: 'private-key',
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,16000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
  },
  { kind: 'aws-access-key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  {
    kind: 'aws-secret-key',
    pattern: /secret_?(?:access_?)?key\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])/gi,
  },
  {
    kind: 'aws-session-token',
    pattern: /(?:session_?token|security_?token)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?([A-Za-z0-9/+=]{100,4000})/gi,
  },
  { kind: 'jwt', pattern: /\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,2000}/g },
  { kind: 'slack-token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,200}/g },
  { kind: 'slack-webhook', pattern: /hooks\.slack\.com\/(?:services|workflows)\/([\w/-]{20,200})/g },
  { kind: 'github-token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,250}|github_pat_\w{22,250})/g },
  { kind: 'stripe-key', pattern: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}/g },
  { kind: 'google-api-key', pattern: /\bAIza[\w-]{35}(?![\w-])/g },
  { kind: 'google-oauth-token', pattern: /\b(?:ya29\.[\w-]{20,500}|GOCSPX-[\w-]{20,100})/g },
  {
    kind: 'connection-string',
    pattern: /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@"'<>]{0,100}:([^\s:/@"'<>]{1,200})@[\w.[-]/gi,
    isReal: isNoPlaceholder,
  },
  { kind: 'connection-string', pattern: /\bAccountKey=([A-Za-z0-9+/=]{40,200})/g },
  { kind: 'bearer-token', pattern: /\bBearer\s{1,4}([\w.~+/-]{20,4000}=*)/gi },
  {
    kind: 'basic-auth',
    pattern: /\bauthorization\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?Basic\s{1,4}([A-Za-z0-9+/]{8,500}={0,2})/gi,
  },
  {
    kind: 'password',
    pattern:
      /(?:password|passwd|passphrase|pwd|client_?secret|api_?key|api-key|access_?token|auth_?token)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?([^\s"'\\,;&(){}[\]<>]{6,300})/gi,
    isReal: isNoPlaceholder,
  },
  {
    kind: 'card-number',
    pattern: /(?<![\w.-])\d{4}[ -]?(?:\d{4}[ -]?\d{4}[ -]?\d{4}|\d{6}[ -]?\d{5})(?![\w-]|\.\d)/g,
    isReal: isCardNumber,
  },
];

/** Some letter sequence of every shape: a text without any of these holds no secret. One pass, so that most lines end here. */
const HINT =
  /AKIA|ASIA|PRIVATE KEY|secret|session_?token|security_?token|eyJ|xox[abeoprs]-|hooks\.slack|gh[pousr]_|github_pat|k_(?:live|test)_|AIza|ya29\.|GOCSPX|:\/\/|AccountKey|bearer|authorization|passw|passphrase|pwd|api[_-]?key|access_?token|auth_?token|\d{4}[ -]?\d{4}/i;

/** What people and libraries write where a secret would stand. */
const PLACEHOLDER =
  /^(?:\*+|x+|\.+|-+|null|undefined|none|nil|true|false|string|password|passwd|secret|redacted|hidden|masked|removed|required|missing|invalid|incorrect|empty|process\.env.*|os\.environ.*|\$.*|%.*)$/i;

/** The kinds of secret in `text`, each once; most often none. About 3 ns a character. */
export function secretKinds(text: string): string[] {
  if (!HINT.test(text)) return [];
  const kinds: string[] = [];
  for (const { kind, pattern, isReal } of SHAPES) {
    if (kinds.includes(kind)) continue;
    for (const match of text.matchAll(pattern)) {
      if (isReal !== undefined && !isReal(match[1] ?? match[0], text, match.index)) continue;
      kinds.push(kind);
      break;
    }
  }
  return kinds;
}

/** `text` with every secret replaced by `[redacted:<kind>]`; what names it (`password=`) stays readable. */
export function withoutSecrets(text: string): string {
  if (!HINT.test(text)) return text;
  let result = text;
  for (const { kind, pattern, isReal } of SHAPES) {
    result = result.replace(pattern, (...args) => {
      const [match, secret] = args as [string, string | number];
      const inner = typeof secret === 'string' ? secret : match;
      if (inner.startsWith('[redacted:')) return match;
      const at = args.find((argument, i) => i > 0 && typeof argument === 'number') as number;
      if (isReal !== undefined && !isReal(inner, result, at)) return match;
      const start = match.lastIndexOf(inner);
      return `${match.slice(0, start)}[redacted:${kind}]${match.slice(start + inner.length)}`;
    });
  }
  return result;
}

function isNoPlaceholder(secret: string): boolean {
  return !PLACEHOLDER.test(secret);
}

/** 15 or 16 digits of a card network that pass Luhn's check and are not called an id: one number in ten passes by chance. */
function isCardNumber(match: string, text: string, at: number): boolean {
  const digits = match.replace(/\D/g, '');
  const isIssued = digits.length === 15 ? /^3[47]/.test(digits) : /^(?:4|5[1-5]|2[2-7]|6011|65)/.test(digits);
  if (!isIssued || /^(\d)\1+$/.test(digits)) return false;
  if (
    /(?:id|trace|span|seq\w{0,8}|time|timestamp|ptr|offset)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?$/i.test(
      text.slice(Math.max(0, at - 40), at),
    )
  )
    return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}
