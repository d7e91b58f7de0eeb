import { expect, test } from '@jest/globals';
import { logsErrorOf } from './aws-errors.ts';

const EXPIRED = 'Signature expired: 20261123T165353Z is now earlier than 20261123T175353Z (20261123T175853Z - 5 min.)';
const EARLY =
  'Signature not yet current: 20261123T165353Z is still later than 20261123T160053Z (20261123T155553Z + 5 min.)';
const WRONG = 'The request signature we calculated does not match the signature you provided.';

test.each([
  { name: 'InvalidSignatureException', message: EXPIRED, clockSkewCorrected: true, kind: 'transient' },
  { name: 'InvalidSignatureException', message: EARLY, clockSkewCorrected: true, kind: 'transient' },
  { name: 'RequestTimeTooSkewed', message: '', clockSkewCorrected: true, kind: 'transient' },
  // the clock was set meanwhile, and the correction was what was wrong
  { name: 'InvalidSignatureException', message: EXPIRED, clockSkewCorrected: false, kind: 'transient' },
  // our clock is off, and that is not why
  { name: 'InvalidSignatureException', message: WRONG, clockSkewCorrected: true, kind: 'credentials' },
  { name: 'ThrottlingException', message: 'Rate exceeded', clockSkewCorrected: true, kind: 'throttled' },
  { name: 'AccessDeniedException', message: 'no', clockSkewCorrected: true, kind: 'denied' },
])('$name, corrected: $clockSkewCorrected, is $kind', ({ name, message, clockSkewCorrected, kind }) => {
  const error = Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400, clockSkewCorrected } });
  expect(logsErrorOf(error, 'logs:FilterLogEvents', 'eu-central-1')).toMatchObject({ kind });
});
