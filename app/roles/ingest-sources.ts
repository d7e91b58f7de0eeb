import { isCloudWatchSource, isFileSource } from '../config-sources.ts';
import type { RoleContext } from './context.ts';
import { FollowingIngest } from './ingest-follow.ts';

/**
 * Reads all sources of the configuration. Files wait until what lies behind of the log groups was read: time that is now
 * cannot go back, and the past of the others would be late.
 * @param sinceMs how far back a first start reads log groups, ms; undefined = as the sources say
 * @param onCaughtUp what lay behind of the log groups was read, or there are none
 */
export async function ingestSources(
  context: RoleContext,
  sinceMs: number | undefined,
  onCaughtUp: () => void = () => {},
): Promise<void> {
  const { sources } = context.config.live;
  const files = sources.filter(isFileSource);
  const groups = sources.filter(isCloudWatchSource).map(({ cloudwatch }) => cloudwatch);
  if (groups.length === 0) {
    onCaughtUp();
    return await new FollowingIngest(context, files).run();
  }
  // the SDK is large: who polls nothing does not load it
  const { CloudWatchIngest } = await import('./ingest-cloudwatch.ts');
  if (files.length === 0) {
    const alone = new CloudWatchIngest(context, groups, { sinceMs });
    alone.caughtUp.then(onCaughtUp);
    return await alone.run();
  }
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const polling = new CloudWatchIngest({ ...context, signal }, groups, { sinceMs });
  polling.caughtUp.then(onCaughtUp);
  const both = [polling.run(), polling.caughtUp.then(() => new FollowingIngest({ ...context, signal }, files).run())];
  for (const one of both) one.catch(() => ended.abort()); // the other keeps its positions
  await Promise.allSettled(both);
  await Promise.all(both);
}
