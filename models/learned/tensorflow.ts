import type * as Tensorflow from '@tensorflow/tfjs';

export type { Tensorflow };

/** TensorFlow.js as it could be had on this machine. */
export interface Backend {
  readonly tf: typeof Tensorflow;
  /** such as `tfjs-node 4.22.0 (tensorflow)` */
  readonly name: string;
  /** why the native one is not used; null = it is */
  readonly whyNotNative: string | null;
}

/**
 * Loads TensorFlow.js: the native binding where it is there, else plain JavaScript. Takes 0.5 to 2 s, so nothing but
 * training may call it. Set `TF_ENABLE_ONEDNN_OPTS=0` before, or the native one may round differently between machines.
 * @param which `auto` falls back; the others insist
 * @throws what the import throws, where the one insisted on cannot be had
 */
export async function loadTensorflow(which: 'auto' | 'native' | 'javascript' = 'auto'): Promise<Backend> {
  let whyNotNative: string | null = 'not asked for';
  if (which !== 'javascript') {
    try {
      const tf = await importNative();
      await tf.ready();
      return { tf, name: `tfjs-node ${tf.version.tfjs} (${tf.getBackend()})`, whyNotNative: null };
    } catch (error) {
      if (which === 'native') throw error;
      whyNotNative = (error as Error).message.split('\n', 1)[0] ?? 'it does not load';
    }
  }
  const tf = unwrapped(await import('@tensorflow/tfjs'));
  tf.enableProdMode(); // or it advertises the native package on standard error
  await tf.setBackend('cpu');
  await tf.ready();
  return { tf, name: `tfjs ${tf.version.tfjs} (${tf.getBackend()})`, whyNotNative };
}

/** The package may be missing: it is optional, and its types are those of the plain one. */
async function importNative(): Promise<typeof Tensorflow> {
  const name = '@tensorflow/tfjs-node';
  return unwrapped((await import(name)) as object);
}

/** Both are CommonJS: what Node makes of their names depends on its version, `default` is always whole. */
function unwrapped(module: object): typeof Tensorflow {
  return ('default' in module ? module.default : module) as typeof Tensorflow;
}
