import { surpriseOfLog } from './surprise.ts';

/** Chebyshev coefficients in 2t − 1, t = 3 / (3 + z), of ln(Q(z) e^(z²/2) / t): fitted once with 40 digits. */
const MILLS = [
  -1.3835832640828294, 0.6706947514066739, 0.02954600794459064, -0.008772093335356107, -0.0013771315367105141,
  0.00029325569469087484, 6.882950670365557e-5, -1.500185344797055e-5, -3.6180755686354153e-6, 9.74005446201945e-7,
  1.8233490112254474e-7, -6.998170662284171e-8, -7.415383617393846e-9, 5.038061766187071e-9, 8.46925526712211e-11,
  -3.3619684958710325e-10, 2.6773754545854377e-11, 1.8989623458197797e-11, -3.8483658615508625e-12,
  -7.380337170045776e-13, 3.3374546692477335e-13, -1.1637257342407909e-15, -1.945852280348569e-14, 3.16501990570474e-15,
  5.089432494984573e-16, -2.6625926908612135e-16, 3.4467658890439137e-17,
];
const HALF_LOG_TWO_PI = 0.9189385332046728;

/** ln P(Z >= z), Z standard normal. Relative error < 1e-13 of the probability wherever it can be written, beyond by its logarithm. Cost ≈ 60 ns. */
export function logUpperTail(z: number): number {
  if (z < 0) return Math.log1p(-Math.exp(logUpperTail(-z)));
  if (z > 1e8) return -0.5 * z * z - Math.log(z) - HALF_LOG_TWO_PI;
  const t = 3 / (3 + z);
  const doubled = 4 * t - 2;
  let next = 0;
  let afterNext = 0;
  for (let k = MILLS.length - 1; k > 0; k--) {
    const current = MILLS[k]! + doubled * next - afterNext;
    afterNext = next;
    next = current;
  }
  return Math.log(t) - 0.5 * z * z + MILLS[0]! + 0.5 * doubled * next - afterNext;
}

/** −log10 P(Z >= z), Z standard normal; −log10 P(Z <= z) is that of −z. Any z. Cost ≈ 60 ns. */
export function upperTailSurprise(z: number): number {
  return surpriseOfLog(logUpperTail(z));
}

/**
 * The z with P(Z <= z) = p for p in (0, 1); ∓Infinity at 0 and 1, NaN outside. Relative error < 1e-14 down to
 * p = 1e-300. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988 (PPND16). Cost ≈ 15–40 ns.
 */
export function quantile(p: number): number {
  const centred = p - 0.5;
  if (Math.abs(centred) <= 0.425) return centred * ratio(CENTRE_TOP, CENTRE_BOTTOM, 0.180625 - centred * centred);
  const tail = Math.sqrt(-Math.log(centred < 0 ? p : 1 - p));
  if (tail === Number.POSITIVE_INFINITY) return centred < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const z = tail <= 5 ? ratio(MIDDLE_TOP, MIDDLE_BOTTOM, tail - 1.6) : ratio(FAR_TOP, FAR_BOTTOM, tail - 5);
  return centred < 0 ? -z : z;
}

function ratio(top: readonly number[], bottom: readonly number[], x: number): number {
  let upper = 0;
  let lower = 0;
  for (let k = 7; k >= 0; k--) {
    upper = upper * x + top[k]!;
    lower = lower * x + bottom[k]!;
  }
  return upper / lower;
}

const CENTRE_TOP = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRE_BOTTOM = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852854561,
];
const MIDDLE_TOP = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const MIDDLE_BOTTOM = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const FAR_TOP = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const FAR_BOTTOM = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];
