import { BusError } from './bus.ts';
import type { KafkaOptions } from './kafka-options.ts';

/**
 * What can be done about an error of the Kafka client:
 *  - retry: the same again, later; as long as it takes
 *  - refused: the cluster does not want us; somebody has to change a password, an ACL or the configuration
 *  - final: nothing is known to help; may be a bug
 */
export type Remedy = 'retry' | 'refused' | 'final';

const REFUSED_TYPES = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_GROUP_ID',
]);
/** Kafka calls these final for the request; another try may find another broker, or the same one recovered. */
const PASSING_TYPES = new Set(['UNKNOWN', 'BROKER_NOT_AVAILABLE', 'NOT_CONTROLLER', 'STALE_CONTROLLER_EPOCH']);
/** kafkajs knows no way on from these; all others without a type are of the network, or of its own view of it. */
const FINAL_NAMES = new Set([
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
  'KafkaJSUnsupportedMagicByteInMessageSet',
  'KafkaJSInvariantViolation',
]);
const TLS_CODE = /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|EPROTO)/;
const NETWORK_CODE = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_|ERR_STREAM|ERR_SOCKET)/;

interface KafkaError extends Error {
  readonly type?: string;
  readonly code?: string | number;
  readonly retriable?: boolean;
}

/** kafkajs wraps what it has given up on, and errors of several topics; what went wrong is at the bottom. */
function rootOf(error: unknown): KafkaError {
  let root = error as KafkaError;
  for (;;) {
    const inner = root instanceof Error && 'errors' in root && Array.isArray(root.errors) ? root.errors[0] : root.cause;
    if (root.type !== undefined || !(inner instanceof Error)) return root;
    root = inner as KafkaError;
  }
}

/** The error code of the Kafka protocol, as Kafka spells it; null where no broker has answered. */
export const typeOf = (error: unknown): string | null => rootOf(error).type ?? null;

/** @returns what to do about `error`, judged by its code, never by its text */
export function remedyOf(error: unknown): Remedy {
  const root = rootOf(error);
  if (root.type !== undefined) {
    if (REFUSED_TYPES.has(root.type)) return 'refused';
    return root.retriable === true || PASSING_TYPES.has(root.type) ? 'retry' : 'final';
  }
  const code = typeof root.code === 'string' ? root.code : '';
  if (root.name === 'KafkaJSSASLAuthenticationError' || TLS_CODE.test(code)) return 'refused';
  if (NETWORK_CODE.test(code)) return 'retry';
  if (root.name.startsWith('KafkaJS')) return FINAL_NAMES.has(root.name) ? 'final' : 'retry';
  // a broker that took the connection and then never said which requests it knows
  return root.message === 'Broker not connected' ? 'retry' : 'final';
}

/** Nothing of a password: kafkajs puts none in, and of SASL only what the broker said is passed on. */
export function describe(error: unknown): string {
  const root = rootOf(error);
  return root.type === undefined ? root.message : `${root.type}: ${root.message}`;
}

/** The error for those who use the bus. What is no error of Kafka's stays as it is: a bug keeps its stack. */
export function busErrorOf(error: unknown, doing: string, options: KafkaOptions): unknown {
  const remedy = remedyOf(error);
  if (error instanceof BusError || (remedy === 'final' && typeOf(error) === null)) return error;
  const code = remedy === 'retry' ? 'UNREACHABLE' : 'REFUSED';
  return new BusError(code, `${doing} (Kafka at ${options.brokers.join(', ')}): ${describe(error)}`, { cause: error });
}
