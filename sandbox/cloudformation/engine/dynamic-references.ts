import { AwsError, type Caller } from '../../aws.js'
import type { SecretsRoom } from '../resources/handler.js'
import { isObject, type Json, ownValue, parseObject } from '../template/json.js'
import { PlainFailure } from './failure.js'
import type { Records } from './memory.js'
import { ssmValue } from './parameter-store.js'

/** `{{resolve:service:reference}}` anywhere in a text. */
const REFERENCE = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}/g

export interface DynamicReference {
  service: string
  path: string
}

/**
 * The value with every dynamic reference in it replaced by what it stands for. Only ever done on the way to a
 * resource: the result may hold a password and is not to be kept or shown.
 */
export async function resolveReferences (value: Json, resolve: (reference: DynamicReference) => Promise<string>): Promise<Json> {
  if (typeof value === 'string') return await resolveText(value, resolve)
  if (Array.isArray(value)) return await Promise.all(value.map(item => resolveReferences(item, resolve)))
  if (!isObject(value)) return value
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, item]) =>
    [key, await resolveReferences(item, resolve)] as const)))
}

async function resolveText (text: string, resolve: (reference: DynamicReference) => Promise<string>): Promise<string> {
  let result = ''
  let end = 0
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, service = '', path = ''] = match
    result += text.slice(end, match.index) + await resolve({ service, path })
    end = match.index + whole.length
  }
  return result + text.slice(end)
}

/** Looks up what dynamic references stand for. A failure says what AWS says, which is never the secret. */
export function createResolver (records: Records, secrets: SecretsRoom) {
  return async ({ service, path }: DynamicReference, caller: Caller): Promise<string> => {
    if (service === 'secretsmanager') return await resolveSecret(secrets, path, caller)
    if (!/^[^:]+(:\d+)?$/.test(path)) throw new PlainFailure(`Incorrect format is used in the following SSM reference: [{{resolve:${service}:${path}}}]`)
    const found = ssmValue(records, caller.region, path)
    if (!found) throw new PlainFailure(`Unable to fetch parameters [${path}] from parameter store for this account.`)
    return found.value
  }
}

/** `secret-id:SecretString:json-key:version-stage:version-id`, where the id may be an ARN. */
async function resolveSecret (secrets: SecretsRoom, path: string, caller: Caller): Promise<string> {
  const parts = path.split(':')
  const length = path.startsWith('arn:') ? 7 : 1
  const [, key, stage, version] = parts.slice(length)
  const wanted = { SecretId: parts.slice(0, length).join(':'), VersionStage: stage || undefined, VersionId: version || undefined }
  const { SecretString: text = '' } = await secrets.operations.GetSecretValue(wanted, caller).catch((error: unknown) => {
    if (!(error instanceof AwsError)) throw error
    throw new PlainFailure(`${error.message} (Service: AWSSecretsManager; Status Code: ${error.status}; Error Code: ${error.code}; Request ID: ${caller.requestId}; Proxy: null)`)
  })
  if (!key) return text
  const secret = parseObject(text)
  if (!secret) throw new PlainFailure('Could not parse SecretString JSON')
  const value = ownValue(secret, key) ?? null
  if (value === null) throw new PlainFailure('Could not find a value associated with JSONKey in SecretString')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
