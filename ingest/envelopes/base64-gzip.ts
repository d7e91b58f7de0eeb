/** Undoes gzip; given from outside, because this folder does no I/O. Throws on data that is not gzip. */
export type Gunzip = (bytes: Uint8Array) => Uint8Array;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Base64 of a gzip header begins so. */
export const GZIP_BASE64 = 'H4sI';

/** The bytes behind base64, gunzipped where they are gzip; null if the text is not base64 or the gzip is damaged. */
export function decodeData(data: string, gunzip: Gunzip): Uint8Array | null {
  if (data === '' || !BASE64.test(data)) return null;
  const bytes = Buffer.from(data, 'base64');
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzip(bytes);
  } catch {
    return null;
  }
}
