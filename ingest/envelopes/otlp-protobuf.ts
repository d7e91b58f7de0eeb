import { PbfReader, PbfWriter } from 'pbf';
import { OTLP_DEPTH, OtlpError, type OtlpRecord, type OtlpResource } from './otlp.ts';

type Field = (tag: number, reader: PbfReader) => void;

/** `ExportLogsServiceRequest` in binary. Unknown fields are passed over. @throws {OtlpError} */
export function readOtlpProtobuf(bytes: Uint8Array): OtlpResource[] {
  const resources: OtlpResource[] = [];
  try {
    const reader = new PbfReader(bytes);
    fields(reader, bytes.length, (tag) => {
      if (tag === 1) resources.push(resourceOf(reader));
    });
  } catch (error) {
    if (error instanceof OtlpError) throw error;
    throw new OtlpError('malformed protobuf', { cause: error }); // the reader's own: a type it does not know, the end of the bytes
  }
  return resources;
}

/** Up to `end`, which must be where a field ends: a length that is a lie would be read for ever. */
function fields(reader: PbfReader, end: number, field: Field): void {
  if (!(end <= reader.length)) throw new OtlpError('truncated protobuf');
  while (reader.pos < end) {
    const head = reader.readVarint();
    const tag = Math.floor(head / 8);
    reader.type = head & 7;
    if (tag === 0) throw new OtlpError('malformed protobuf');
    const { pos } = reader;
    field(tag, reader);
    if (reader.pos === pos) reader.skip(head);
    if (reader.pos > end) throw new OtlpError('truncated protobuf');
  }
}

/** A field that is a message. */
function message(reader: PbfReader, field: Field): void {
  if (reader.type !== 2) throw new OtlpError('malformed protobuf');
  fields(reader, reader.readVarint() + reader.pos, field);
}

function resourceOf(reader: PbfReader): OtlpResource {
  const attributes = emptyMap();
  const records: OtlpRecord[] = [];
  message(reader, (tag) => {
    if (tag === 1) message(reader, (inner) => inner === 1 && pair(reader, attributes, 0));
    else if (tag === 2) message(reader, (inner) => inner === 2 && records.push(recordOf(reader)));
  });
  return { attributes, records };
}

function recordOf(reader: PbfReader): OtlpRecord {
  const attributes = emptyMap();
  let timeMs = Number.NaN;
  let observedMs = Number.NaN;
  let severity = 0;
  let severityText = '';
  let body: unknown = null;
  message(reader, (tag) => {
    if (tag === 1) timeMs = msOf(reader);
    else if (tag === 2) severity = reader.readVarint();
    else if (tag === 3) severityText = reader.readString();
    else if (tag === 5) body = plainOf(reader, 0);
    else if (tag === 6) pair(reader, attributes, 0);
    else if (tag === 11) observedMs = msOf(reader);
  });
  return { timeMs: Number.isNaN(timeMs) ? observedMs : timeMs, severity, severityText, body, attributes };
}

/** Nanoseconds in 64 bits, which a double does not hold; 0 means that it is not told. */
function msOf(reader: PbfReader): number {
  const low = reader.readFixed32();
  const nanoseconds = (BigInt(reader.readFixed32()) << 32n) | BigInt(low);
  return nanoseconds === 0n ? Number.NaN : Number(nanoseconds / 1_000_000n);
}

type Map = Record<string, unknown>;
const emptyMap = (): Map => Object.create(null) as Map; // a key may be called __proto__

function pair(reader: PbfReader, into: Map, depth: number): void {
  let key = '';
  let value: unknown = null;
  message(reader, (tag) => {
    if (tag === 1) key = reader.readString();
    else if (tag === 2) value = plainOf(reader, depth);
  });
  into[key] = value;
}

function plainOf(reader: PbfReader, depth: number): unknown {
  let value: unknown = null;
  message(reader, (tag) => {
    if (tag === 1) value = reader.readString();
    else if (tag === 2) value = reader.readBoolean();
    else if (tag === 3) value = reader.readVarint(true);
    else if (tag === 4) value = reader.readDouble();
    else if (tag === 7) value = Buffer.from(reader.readBytes()).toString('base64');
    else if (depth > OTLP_DEPTH) return;
    else if (tag === 5) {
      const list: unknown[] = [];
      value = list;
      message(reader, (inner) => inner === 1 && list.push(plainOf(reader, depth + 1)));
    } else if (tag === 6) {
      const map = emptyMap();
      value = map;
      message(reader, (inner) => inner === 1 && pair(reader, map, depth + 1));
    }
  });
  return value;
}

/** `ExportLogsServiceResponse`: empty where nothing was rejected. */
export function otlpResponse(rejected: number, errorMessage: string): Uint8Array {
  const writer = new PbfWriter();
  if (rejected > 0) {
    writer.writeMessage(
      1,
      (of: { rejected: number; errorMessage: string }, inner) => {
        inner.writeVarintField(1, of.rejected);
        inner.writeStringField(2, of.errorMessage);
      },
      { rejected, errorMessage },
    );
  }
  return writer.finish();
}

/** `google.rpc.Status`. */
export function otlpStatus(code: number, text: string): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, code);
  writer.writeStringField(2, text);
  return writer.finish();
}
