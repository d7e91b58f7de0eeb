import { F, Flag, FragmentKind } from '../fragment.ts';
import { isObject, type JsonObject, type LogEvent } from './log-event.ts';

/** Errors of AWS and of common frameworks that say: not allowed. Words alone ("Forbidden") are not enough. */
const DENIED =
  /AccessDenied(?:Exception|Fault|Error)?\b|\bis not authorized to (?:perform|access|assume)|\bUnauthorizedOperation\b|\b(?:Forbidden|Unauthorized|NotAuthorized|Authorization|PermissionDenied|InsufficientPrivileges?|InsufficientScope)(?:Exception|Error)\b|\bUnrecognizedClientException\b|\bInvalidClientTokenId\b|\bSignatureDoesNotMatch\b|\bExpiredToken(?:Exception)?\b|\b(?:401 Unauthorized|403 Forbidden)\b/;
/** ` status=403`, `"statusCode": 403`, `statusCode: 403`, `http.status_code=403` */
const STATUS_PAIR =
  /(?:^|[\s,{("'\\.])(?:status|status_?code|response_?status)\\?["']?\s?[=:]\s?\\?["']?([1-5]\d\d)(?![\w.-])/i;
/** `"GET /path HTTP/1.1" 403 512` of the common log format */
const STATUS_APACHE = /"[A-Z]{3,8} [^"\s]{1,2000} HTTP\/\d(?:\.\d)?" ([1-5]\d\d)(?= |$)/;
const STATUS_PHRASE = /\b(401 Unauthorized|403 Forbidden)\b/;
const HINT = /status|HTTP\/|40[13] /i;

/** A word of every such error: most lines end here. */
const DENIED_HINT = /enied|uthorized|Authorization|Forbidden|Privilege|Scope|Client|Signature|Expired/;

export const saysDenied = (text: string): boolean => DENIED_HINT.test(text) && DENIED.test(text);

/** The HTTP status a text line carries where its form leaves no doubt, else NaN. */
export function statusInText(text: string): number {
  if (!HINT.test(text)) return Number.NaN;
  const match = STATUS_PAIR.exec(text) ?? STATUS_APACHE.exec(text) ?? STATUS_PHRASE.exec(text);
  return match === null ? Number.NaN : Number.parseInt(match[1] ?? '', 10);
}

const STATUS_KEYS = [
  'statusCode',
  'status',
  'status_code',
  'responseStatus',
  'http.response.status_code',
  'http.status_code',
];
const NESTED_KEYS = ['response', 'http', 'res'];

/** The HTTP status in a JSON line: under the usual keys, or one level down in `response`, `res`, `http`; else NaN. */
export function statusInJson(value: JsonObject): number {
  const own = statusUnder(value);
  if (!Number.isNaN(own)) return own;
  for (const key of NESTED_KEYS) {
    const inner = value[key];
    if (!isObject(inner)) continue;
    const response = inner['response'];
    const status = isObject(response) ? statusUnder(response) : statusUnder(inner);
    if (!Number.isNaN(status)) return status;
  }
  return Number.NaN;
}

function statusUnder(value: JsonObject): number {
  for (const key of STATUS_KEYS) {
    const status = value[key];
    if (typeof status !== 'number' && !(typeof status === 'string' && /^\d{3}$/.test(status))) continue;
    const code = Number(status);
    if (Number.isInteger(code) && code >= 100 && code <= 599) return code;
  }
  return Number.NaN;
}

/** One fragment a line, if it carries a status or says denied. */
export function writeAccess(event: LogEvent, status: number, isDenied: boolean): void {
  if (Number.isNaN(status) && !isDenied) return;
  const i = event.add(FragmentKind.access | (isDenied ? Flag.denied : 0));
  if (i >= 0) event.recorder.out.block.f[i * F.stride + F.a] = status;
}
