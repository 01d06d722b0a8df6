import type * as Sdk from '@aws-sdk/client-sts'
import { createHash, randomBytes } from 'node:crypto'
import { AwsError, type OperationsOf } from '../aws.js'
import { checkConstraints } from '../constraints.js'
import { refuseUnheeded } from '../unheeded.js'
import { unheeded } from './unheeded.js'

type Names = 'AssumeRole' | 'AssumeRoleWithWebIdentity' | 'GetAccessKeyInfo' | 'GetCallerIdentity' | 'GetSessionToken'

const name = { bounds: [2, 64], pattern: /^[\w+=,.@-]*$/ } as const
const ofRoles = { RoleSessionName: name, DurationSeconds: { bounds: [900, 43_200] } } as const
const ofKeys = { AccessKeyId: { bounds: [16, 128], pattern: /^\w*$/ } } as const
const ofSessions = { DurationSeconds: { bounds: [900, 129_600] } } as const

/** AWS STS, as far as tools get their credentials from it and ask who they are. Anybody may assume any role; the others are the root of the one account. */
export function createSts ({ now }: { now: () => number }): OperationsOf<typeof Sdk, Names> {
  /** Nothing is kept of them: a session token says whose it is. */
  const credentialsOf = (user: Sdk.AssumedRoleUser | undefined, seconds: number): Sdk.Credentials => ({
    AccessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    SecretAccessKey: randomBytes(30).toString('base64'),
    SessionToken: Buffer.from(JSON.stringify({ user, salt: randomBytes(12).toString('base64') })).toString('base64'),
    Expiration: new Date(Math.floor(now() / 1000 + seconds) * 1000)
  })
  const assume = (request: Sdk.AssumeRoleRequest): Sdk.AssumeRoleResponse => {
    checkConstraints('ValidationError', ofRoles, request)
    const AssumedRoleUser = userOf(request)
    return { Credentials: credentialsOf(AssumedRoleUser, request.DurationSeconds ?? 3600), AssumedRoleUser }
  }

  return refuseUnheeded<OperationsOf<typeof Sdk, Names>>({
    AssumeRole: async request => assume(request),
    AssumeRoleWithWebIdentity: async request => {
      const claims = jsonIn(request.WebIdentityToken?.split('.')[1])
      if (!claims) throw new AwsError('InvalidIdentityToken', 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)')
      const [subject, audience, issuer] = ['sub', 'aud', 'iss'].map(name => [claims[name]].flat()[0]?.toString())
      return { ...assume(request), SubjectFromWebIdentityToken: subject, Audience: audience, Provider: issuer?.replace('https://', '') }
    },
    GetAccessKeyInfo: async (request, { account }) => {
      checkConstraints('ValidationError', ofKeys, request)
      return { Account: account }
    },
    GetCallerIdentity: async (_request, { account, sessionToken }) => {
      const user = holderOf(sessionToken)
      return user
        ? { Account: user.Arn?.split(':')[4], Arn: user.Arn, UserId: user.AssumedRoleId }
        : { Account: account, Arn: `arn:aws:iam::${account}:root`, UserId: account }
    },
    GetSessionToken: async (request, { sessionToken }) => {
      if (sessionToken !== undefined) throw new AwsError('AccessDenied', 'Cannot call GetSessionToken with session credentials', 403)
      checkConstraints('ValidationError', ofSessions, request)
      return { Credentials: credentialsOf(undefined, request.DurationSeconds ?? 43_200) }
    }
  }, unheeded)
}

/** Whoever has assumed a role. The id is the role's, and the same for each who assumes it. Words of AWS (localstack's `test_sts_invalid_parameters`, recorded on AWS). */
function userOf ({ RoleArn: arn = '', RoleSessionName: session }: Sdk.AssumeRoleRequest): Sdk.AssumedRoleUser {
  const [, partition, account, role] = /^arn:([\w-]+):iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]+)$/.exec(arn) ?? []
  if (!role) throw new AwsError('ValidationError', `${arn.slice(0, 2048)} is invalid`)
  const id = `AROA${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}`
  return { Arn: `arn:${partition}:sts::${account}:assumed-role/${role}/${session}`, AssumedRoleId: `${id}:${session}` }
}

/** Whose session it is; nobody's where the sandbox did not make the token, and in a session of the root. */
function holderOf (token: string | undefined): Sdk.AssumedRoleUser | undefined {
  return jsonIn(token)?.['user'] as Sdk.AssumedRoleUser | undefined
}

function jsonIn (base64 = ''): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(Buffer.from(base64, 'base64').toString()))
  } catch {
    return undefined
  }
}
