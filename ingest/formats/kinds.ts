import { applicationJson } from './application-json.ts';
import { applicationText } from './application-text.ts';
import { edgeScript } from './edge-script.ts';
import { emf } from './emf.ts';
import { lambdaInsights } from './lambda-insights.ts';
import { lambdaJson } from './lambda-json.ts';
import { lambdaText } from './lambda-text.ts';
import type { JsonFormat, TextFormat } from './log-event.ts';

/** The dialects of log lines, each asked in turn; the last takes what is left. */
export const TEXT_FORMATS: Readonly<Record<string, TextFormat>> = { edgeScript, lambdaText, applicationText };
export const JSON_FORMATS: Readonly<Record<string, JsonFormat>> = { lambdaJson, lambdaInsights, emf, applicationJson };
