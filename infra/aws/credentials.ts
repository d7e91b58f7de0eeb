import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { LogsError } from '../../ingest/cloudwatch/api.ts';
import { logsErrorOf } from './aws-errors.ts';

/** A role of this or another account, which the credentials that are there may assume. */
export interface AssumedRole {
  readonly roleArn: string;
  readonly externalId?: string | undefined;
  readonly sessionName: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** the SDK asks anew some minutes before */
  readonly expiration: Date;
}

/** One hour: what a role allows unless told otherwise, and the most where roles are chained. */
const SESSION_S = 3600;
/** It is asked once an hour, and a clock of ours that is off shows with the first answer. */
const TRIES = 3;

/** @throws {LogsError} `denied` with sts:AssumeRole where the trust policy, or ours, does not allow it */
export async function assumeRole(role: AssumedRole, config: STSClientConfig): Promise<Credentials> {
  const sts = new STSClient({ ...config, maxAttempts: TRIES });
  try {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: role.roleArn,
        RoleSessionName: role.sessionName,
        DurationSeconds: SESSION_S,
        ...(role.externalId !== undefined && { ExternalId: role.externalId }),
      }),
    );
    if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined || given.SessionToken === undefined)
      throw new LogsError('transient', `${role.roleArn}: sts:AssumeRole gave no credentials`);
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      expiration: given.Expiration ?? new Date(Date.now() + SESSION_S * 1000),
    };
  } catch (error) {
    throw logsErrorOf(error, 'sts:AssumeRole', role.roleArn);
  } finally {
    sts.destroy();
  }
}

/** Who we are: account and ARN. @throws {LogsError} `credentials` where there are none, or none that are taken */
export async function callerIdentity(config: STSClientConfig): Promise<{ account: string; arn: string }> {
  const sts = new STSClient({ maxAttempts: 1, ...config });
  try {
    const { Account = '', Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn };
  } catch (error) {
    throw logsErrorOf(error, 'sts:GetCallerIdentity', String(config.region ?? 'AWS'));
  } finally {
    sts.destroy();
  }
}
