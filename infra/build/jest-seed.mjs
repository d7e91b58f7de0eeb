// Property tests draw other cases each time, so that they go on finding things; under CI they draw the same ones, so that a
// change is judged by what it changes. TRIPLINE_SEED=n draws those of n anywhere, TRIPLINE_SEED=random new ones under CI.
import fc from 'fast-check';

const { CI, TRIPLINE_SEED: wished } = process.env;
const seed = wished ?? (CI ? '1' : 'random');
if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
