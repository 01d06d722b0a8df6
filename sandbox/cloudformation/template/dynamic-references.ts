import { type Json, isObject } from './json.js'

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

export interface SecretReference {
  secretId: string
  jsonKey: string
  versionStage: string
  versionId: string
}

/** The parts of `secret-id:SecretString:json-key:version-stage:version-id`, where the id may be an ARN. */
export function parseSecretReference (path: string): SecretReference {
  const parts = path.split(':')
  const length = path.startsWith('arn:') ? 7 : 1
  const [, jsonKey = '', versionStage = '', versionId = ''] = parts.slice(length)
  return { secretId: parts.slice(0, length).join(':'), jsonKey, versionStage, versionId }
}
