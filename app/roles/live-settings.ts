import { createHash } from 'node:crypto';
import type { DetectionSettings } from '../../detectors/settings.ts';
import type { Config } from '../config.ts';

/** Detection as a live installation runs it: pieces are waited for less long than in a replay, whose memory is a file. */
export function liveSettings(config: Config): { readonly settings: DetectionSettings; readonly configHash: string } {
  const settings = {
    ...config.settings,
    latenessMs: Math.max(config.live.live.latenessMs, config.settings.gradeDelayMs),
  };
  const configHash = createHash('sha256').update(`${config.configHash} live ${settings.latenessMs}`).digest('hex');
  return { settings, configHash: configHash.slice(0, 16) };
}
