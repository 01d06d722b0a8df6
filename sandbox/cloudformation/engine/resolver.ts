import { AwsError, type Caller } from '../../aws.js'
import type { SecretsRoom } from '../resources/rooms.js'
import { ssmValue } from '../operations/definition.js'
import { type DynamicReference, parseSecretReference } from '../template/dynamic-references.js'
import { isObject, type Json } from '../template/json.js'
import { PlainFailure } from './failure.js'
import type { Records } from './memory.js'

/** Looks up what dynamic references stand for. A failure says what AWS says, which is never the secret. */
export function createResolver (records: Records, secrets: SecretsRoom) {
  return async ({ service, path }: DynamicReference, caller: Caller): Promise<string> => {
    if (service === 'secretsmanager') return await resolveSecret(secrets, path, caller)
    const [name = ''] = path.split(':')
    const value = ssmValue({ records }, caller.region, name)
    if (value === undefined) throw new PlainFailure(`Unable to fetch parameters [${name}] from parameter store for this account.`)
    return value
  }
}

async function resolveSecret (secrets: SecretsRoom, path: string, caller: Caller): Promise<string> {
  const { secretId, jsonKey, versionStage, versionId } = parseSecretReference(path)
  const { SecretString: text = '' } = await secretValue(secrets, { SecretId: secretId, ...(versionStage ? { VersionStage: versionStage } : {}), ...(versionId ? { VersionId: versionId } : {}) }, caller)
  if (jsonKey === '') return text
  const value = memberOf(text, jsonKey)
  if (value === undefined) throw new PlainFailure('Could not find a value associated with JSONKey in SecretString')
  return value
}

async function secretValue (secrets: SecretsRoom, input: { SecretId: string }, caller: Caller) {
  try {
    return await secrets.operations.GetSecretValue(input, caller)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw new PlainFailure(`${error.message} (Service: AWSSecretsManager; Status Code: ${error.status}; Error Code: ${error.code}; Request ID: ${caller.requestId}; Proxy: null)`)
  }
}

function memberOf (text: string, key: string): string | undefined {
  try {
    const secret = JSON.parse(text) as Json
    const value = isObject(secret) && Object.hasOwn(secret, key) ? secret[key] : undefined
    return value === undefined || value === null ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value)
  } catch {
    return undefined
  }
}
