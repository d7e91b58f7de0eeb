import { paretoSurprise } from '../models/learned/error-tail.ts';
import { upperSurprise as betaBinomialUpper } from '../models/statistical/beta-binomial.ts';
import { SOUND_EXCESS, tailSurprise } from '../models/statistical/exceedance-tail.ts';
import { fisherSurprise } from '../models/statistical/fisher.ts';
import { upperSurprise as gammaUpper } from '../models/statistical/gamma-tail.ts';
import {
  lowerSurprise,
  upperSurprise,
  upperSurpriseGivenCall,
  zeroSurprise,
} from '../models/statistical/negative-binomial.ts';
import { upperTailSurprise } from '../models/statistical/student.ts';

/** The model of an alert's evidence: its kind and parameters. */
export type EvidenceModel = { readonly kind: string; readonly [parameter: string]: number | string };

export interface Recomputed {
  readonly score: number;
  /** each step in words, with its numbers */
  readonly steps: readonly string[];
}

/**
 * The score again, from the stored evidence alone: model, parameters and what was observed. `null` for a model that this
 * version does not know. It equals the stored score to within rounding of the unit (1e-9), or something was tampered with.
 */
export function recompute(model: EvidenceModel, observed: number): Recomputed | null {
  const raw = byModel(model, observed);
  if (raw === null || model.tailLevel === undefined) return raw;
  const tail = {
    from: Number(model.tailFrom),
    level: Number(model.tailLevel),
    excess: Number(model.tailExcess),
    shape: Number(model.tailShape ?? 0),
  };
  const { from, level, excess, shape } = tail;
  return {
    score: tailSurprise(raw.score, tail),
    steps: [
      ...raw.steps,
      `surprise by the model: ${raw.score.toFixed(2)}`,
      `by its own past: one window in ${Math.round(10 ** level)} goes beyond ${from}, by ${excess.toFixed(2)} on average (a sound model: one in ${10 ** from}, by ${SOUND_EXCESS.toFixed(2)}), shape ${shape.toFixed(2)}`,
    ],
  };
}

function byModel(model: EvidenceModel, observed: number): Recomputed | null {
  const number = (name: string): number => Number(model[name]);
  switch (model.kind) {
    case 'negative-binomial':
      return count(String(model.tail), observed, number('mean'), number('phi'), model);
    case 'student-log2': {
      const shift = Math.log2(observed / number('scale')) - number('mean');
      const t = shift / number('spread');
      return {
        score: upperTailSurprise(t, number('freedom')),
        steps: [
          `log2 of the observed is ${shift.toFixed(3)} above the usual ${number('mean').toFixed(3)} (×${(2 ** shift).toFixed(2)})`,
          `noise of such a window: ${number('spread').toFixed(4)} (calls, days and history), so t = ${t.toFixed(2)}`,
          `Student tail with ${number('freedom').toFixed(1)} degrees of freedom`,
        ],
      };
    }
    case 'beta-binomial':
      return {
        score: betaBinomialUpper(observed, number('trials'), number('alpha'), number('beta')),
        steps: [
          `usual share ${((100 * number('alpha')) / (number('alpha') + number('beta'))).toPrecision(3)} %, known as from ${(number('alpha') + number('beta')).toPrecision(3)} calls (history and how quarters of an hour differ)`,
          `beta-binomial P(K >= ${observed}) of ${number('trials')} calls`,
        ],
      };
    case 'fisher':
      return {
        score: fisherSurprise(observed, number('drawn'), number('bad'), number('population')),
        steps: [
          `${number('bad')} of all ${number('population')} calls are bad, ${number('drawn')} of the calls are the newest version's`,
          `Fisher's exact test: P(the newest version has ${observed} or more of the bad ones)`,
        ],
      };
    case 'gamma-sum': {
      const sum = observed / number('scale');
      return {
        score: gammaUpper(sum, number('mean'), number('relativeVariance')),
        steps: [
          `expected sum ${number('mean').toPrecision(4)} (calls due × mean of a call), observed ${sum.toPrecision(4)}`,
          `gamma tail with relative variance ${number('relativeVariance').toPrecision(3)}`,
        ],
      };
    }
    case 'regular-gap': {
      const longer = Math.log2(number('gap')) - number('mean');
      return {
        score: upperTailSurprise(longer / number('spread'), number('freedom')),
        steps: [
          `a gap of ${number('gap')} min, ×${(2 ** longer).toFixed(2)} the usual ${(2 ** number('mean')).toFixed(0)} min`,
          `Student tail of ${(longer / number('spread')).toFixed(2)} with ${number('freedom').toFixed(1)} degrees of freedom`,
        ],
      };
    }
    case 'cusum':
      return slowly(number('slack'), number('sum'));
    case 'pareto-excess':
      return reconstruction(model, observed);
    default:
      return null;
  }
}

function slowly(slack: number, sum: number): Recomputed {
  return {
    score: (2 * slack * sum) / Math.LN10,
    steps: [
      `hours beyond the slack add up to ${sum.toFixed(1)}, each for one at most (one-sided CUSUM)`,
      `in control so much is reached with a probability of exp(-2 × ${slack} × ${sum.toFixed(1)})`,
    ],
  };
}

function count(tail: string, observed: number, mean: number, phi: number, model: EvidenceModel): Recomputed {
  const handicap = Number(model.handicap ?? 0); // of evidence stored before scores were calibrated
  const steps = [
    `expected count ${mean.toPrecision(4)}, over-dispersion ${phi.toPrecision(3)} (variance ${(mean + phi * mean * mean).toPrecision(4)})`,
  ];
  if (tail === 'upper' && model.seen !== undefined) {
    const seen = Number(model.seen);
    return {
      score: upperSurpriseGivenCall(observed, mean, phi, seen),
      steps: [
        ...steps,
        `negative-binomial P(N >= ${observed}), given a call in the minute (chance ${seen.toFixed(3)})`,
      ],
    };
  }
  if (tail === 'upper')
    return { score: upperSurprise(observed, mean, phi), steps: [...steps, `negative-binomial P(N >= ${observed})`] };
  if (tail === 'zero') return { score: zeroSurprise(mean, phi), steps: [...steps, 'negative-binomial P(N = 0)'] };
  return {
    score: lowerSurprise(observed, mean, phi) - handicap,
    steps: [
      ...steps,
      `negative-binomial P(N <= ${observed})${handicap === 0 ? '' : `, less ${handicap} because quiet spells are commoner than counts say`}`,
    ],
  };
}

/** The learned model's: the error of a window's reconstruction, among those of this function's own past. */
function reconstruction(model: EvidenceModel, error: number): Recomputed {
  const { digest, share } = model;
  const [level, scale, shape] = [Number(model.level), Number(model.scale), Number(model.shape)];
  return {
    score: error > level ? paretoSurprise(error - level, scale, shape) : 0,
    steps: [
      `the learned model (${String(digest).slice(0, 15)}…) reproduces this window with an error of ${error.toPrecision(4)}`,
      `${100 * Number(share)} % of this function's windows exceed ${level.toPrecision(4)}; beyond it a generalised Pareto tail, scale ${scale.toPrecision(3)}, shape ${shape.toPrecision(3)}`,
    ],
  };
}
