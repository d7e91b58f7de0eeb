/** The HTTP endpoint could not be opened; the message says what to do about it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: 'BAD_LISTEN' | 'PORT_TAKEN' | 'CANNOT_LISTEN' | 'BAD_CERTIFICATE';

  constructor(code: HttpError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
