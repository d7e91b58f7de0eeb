import { LogsError, type LogsErrorKind } from '../../ingest/cloudwatch/api.ts';

const BY_NAME: Readonly<Record<string, LogsErrorKind>> = {
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  LimitExceededException: 'throttled',
  AccessDeniedException: 'denied',
  AccessDenied: 'denied',
  UnauthorizedOperation: 'denied',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  IncompleteSignature: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ResourceNotFoundException: 'gone',
  ServiceUnavailableException: 'transient',
  ServiceUnavailable: 'transient',
  InternalServerException: 'transient',
  InternalFailure: 'transient',
  OperationAbortedException: 'transient',
  TimeoutError: 'transient',
  AbortError: 'transient',
  RequestTimeout: 'transient',
  ECONNRESET: 'transient',
};

interface AwsFailure {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $fault?: unknown;
}

/**
 * Refused for its time alone: what services call it, or say where they call it a wrong signature. The SDK's flag
 * `clockSkewCorrected` does not tell: it is off when the clock was set, and on for whatever else fails under a wrong one.
 */
const SKEWED = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
const SIGNATURE = new Set(['InvalidSignatureException', 'SignatureDoesNotMatch']);
const SKEWED_TEXT = /^Signature (expired|not yet current)/i;

const INVALID = new Set(['InvalidParameterException', 'ValidationException']);

/**
 * What an error of the SDK means. `action` is the IAM action of the call, `where` says of what; neither the message of the
 * SDK, which may quote what was sent, nor credentials get further than the message of a denial.
 */
export function logsErrorOf(error: unknown, action: string, where: string): LogsError {
  if (error instanceof LogsError) return error;
  const { name, message, code, $metadata } = (typeof error === 'object' && error !== null ? error : {}) as AwsFailure;
  const status = $metadata?.httpStatusCode ?? 0;
  const label = typeof name === 'string' && name !== 'Error' ? name : typeof code === 'string' ? code : 'failure';
  const text = typeof message === 'string' ? message : '';
  // the SDK has the time of the service from this very answer, for as long as the client lives
  const isSkewed = SKEWED.has(label) || (SIGNATURE.has(label) && SKEWED_TEXT.test(text));
  const kind = isSkewed ? 'transient' : kindOf(label, String(code ?? ''), status, text);
  if (kind === 'denied') return new LogsError(kind, `${where}: ${action} is not allowed${byPolicy(text)}`, action);
  const said = isOfAws(label, text) ? text.slice(0, 200) : 'what answers there does not speak as AWS does';
  const detail = kind === 'refused' || kind === 'transient' ? `: ${said}` : '';
  return new LogsError(kind, `${where}: ${action}: ${label}${status > 0 ? ` (${status})` : ''}${detail}`, null);
}

/** A page of a proxy is neither JSON nor XML; the parsers' own words lead nobody further. */
const isOfAws = (label: string, text: string): boolean =>
  label !== 'SyntaxError' && !/XML parse error|Deserialization error/.test(text);

function kindOf(name: string, code: string, status: number, message: string): LogsErrorKind {
  if (INVALID.has(name)) return /token/i.test(message) ? 'token' : 'refused';
  const known = BY_NAME[name] ?? BY_NAME[code];
  if (known !== undefined) return known;
  if (status === 429) return 'throttled';
  if (status === 403) return 'denied';
  if (status === 401) return 'credentials';
  // answers that are no JSON come from proxies; without a status the connection broke
  if (status === 0 || status >= 500 || name === 'SyntaxError') return 'transient';
  return 'refused';
}

/** Who said no: a policy of the identity, of the organisation, a boundary. */
function byPolicy(message: string): string {
  const match = /because (no [a-z-]+ policy|.*explicit deny in an? [a-z-]+ policy)/i.exec(message);
  return match === null ? '' : ` (${match[1]!.slice(0, 120)})`;
}
