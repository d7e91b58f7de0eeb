import { Flag, U } from '../fragment.ts';
import { isEdgeScript } from '../identity.ts';
import { Status } from '../recorder.ts';
import { applicationText } from './application-text.ts';
import type { TextFormat } from './log-event.ts';

const LINE = /^(\S{8,128}) (?:(START DistributionID: \S)|(END)\s*$)?/;

/**
 * CloudFront Functions: `<id> START DistributionID: …`, what the code printed behind its id, `<id> END`. They tell that
 * it ran, not for how long; and only code that prints leaves any line. Source: CloudFront Developer Guide.
 */
export const edgeScript: TextFormat = (line, event) => {
  if (!isEdgeScript(event.stream.group)) return false;
  const match = LINE.exec(line);
  if (match === null) return false;
  event.setId(match[1] ?? '');
  if (match[3] !== undefined) event.journal.stats.platformLines++;
  else if (match[2] === undefined) return applicationText(line.slice(match[0].length), event);
  else {
    const { recorder, stream, timeMs, id } = event;
    recorder.report.clear();
    const { u, uAt } = recorder.openReport(stream, timeMs);
    recorder.closeReport(stream, id, Status.unknown, false);
    u[uAt + U.kindFlags] = u[uAt + U.kindFlags]! | Flag.coldUnknown;
  }
  return true;
};
