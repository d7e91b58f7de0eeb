import { dirname, join } from 'node:path';
import { DISK, type Files, TEMPORARY } from './durable-file.ts';
import { SegmentLog, type SegmentLogOptions } from './segment-log.ts';
import { corrupt, HEADER_BYTES, scanSegment } from './segment-log-format.ts';
import { Positions } from './segment-log-positions.ts';
import { baseOffsetOf, Segment, segmentName } from './segment-log-segment.ts';

/** The segment that is written to, its torn tail cut off and everything that is left synced. */
async function recoverActive(files: Files, path: string, baseOffset: number): Promise<Segment> {
  const segment = new Segment(files, path, baseOffset, baseOffset, HEADER_BYTES);
  const file = await files.open(path, 'write');
  try {
    const scan = await scanSegment(file, baseOffset);
    if (scan === null) {
      await file.close();
      await segment.create();
      return segment;
    }
    // What is kept may not have been synced yet, and from here on it is read: so the sync, whatever was cut.
    await file.truncate(scan.endPosition);
    await file.sync();
    segment.endOffset = baseOffset + scan.records;
    segment.endPosition = scan.endPosition;
    segment.flush = scan.flush;
    segment.file = file;
    return segment;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function sealedSegment(files: Files, path: string, baseOffset: number, endOffset: number): Promise<Segment> {
  const file = await files.open(path, 'read');
  try {
    return new Segment(files, path, baseOffset, endOffset, await file.size());
  } finally {
    await file.close();
  }
}

async function recoverSegments(files: Files, dir: string): Promise<Segment[]> {
  const names = await files.list(dir);
  for (const name of names) if (name.endsWith(TEMPORARY)) await files.remove(join(dir, name));
  const bases = names.map(baseOffsetOf).filter((base) => base !== null);
  const segments: Segment[] = [];
  for (const [index, base] of bases.entries()) {
    const path = join(dir, segmentName(base));
    const next = bases[index + 1];
    segments.push(
      next === undefined ? await recoverActive(files, path, base) : await sealedSegment(files, path, base, next),
    );
  }
  if (segments.length === 0) {
    const first = new Segment(files, join(dir, segmentName(0)), 0, 0, HEADER_BYTES);
    await first.create();
    segments.push(first);
  }
  await files.syncDirectory(dir);
  return segments;
}

/**
 * Opens the log in `dir`, made if it is not there, as its only writer. A torn tail, which was never acknowledged, is cut
 * off; damage to what was acknowledged is an error, here for the newest segment and on reading for the others.
 * Reads the newest segment: a tenth of a second at most by default.
 *
 * @throws {StorageError} LOCKED, CORRUPT, NEWER_VERSION, DISK_FULL
 */
export async function openSegmentLog(
  dir: string,
  options: SegmentLogOptions = {},
  files: Files = DISK,
): Promise<SegmentLog> {
  await files.makeDirectory(dir);
  const unlock = await files.lock(dir);
  try {
    await files.syncDirectory(dirname(dir));
    const positions = await Positions.load(files, dir);
    const segments = await recoverSegments(files, dir);
    const active = segments[segments.length - 1]!;
    if (positions.highest() > active.endOffset) {
      await active.file?.close();
      const lost = `records up to offset ${positions.highest()} were read once, and only ${active.endOffset} are there`;
      throw corrupt(active.path, active.endPosition, lost);
    }
    return new SegmentLog(files, dir, options, { segments, positions, unlock });
  } catch (error) {
    await unlock();
    throw error;
  }
}
