import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FEATURES, RESIDUALS } from '../detectors/residuals.ts';
import { decodeModel, type LearnedModel } from '../models/learned/artifact.ts';
import { ModelError } from '../models/learned/model-error.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';

/** A config with the model it names, if any. The model is part of what can change what is found, so of the hash. */
export interface WithModel {
  readonly config: Config;
  readonly model: LearnedModel | null;
}

/**
 * Loads the model that the command line or else the config names.
 * @throws {ConfigError} with every problem as `file: place: rule`
 */
export function withModel(config: Config, flag: string | undefined): WithModel {
  const file = flag ?? config.model;
  if (file === null) return { config, model: null };
  const model = loadModel(file);
  const configHash = createHash('sha256').update(`${config.configHash} ${model.digest}`).digest('hex').slice(0, 16);
  return { config: { ...config, configHash }, model };
}

/** @throws {ConfigError} with every problem as `file: place: rule` */
export function loadModel(file: string): LearnedModel {
  try {
    return decodeModel(readFileSync(file, 'utf8'), file, { features: FEATURES, residuals: RESIDUALS });
  } catch (error) {
    if (error instanceof ModelError) throw new ConfigError(error.problems);
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    throw new ConfigError([`${file}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`]);
  }
}
