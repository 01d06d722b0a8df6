import { createHash } from 'node:crypto'
import { AwsError, type Caller } from '../../aws.js'
import { PlainFailure } from '../engine/failure.js'
import { isObject, type Json, type JsonObject, ownValue } from '../template/json.js'
import { isOwn, type ResourceHandler, type ResourceRequest, type SecretsRoom, tagsOf, unless } from './handler.js'

/** `AWS::SecretsManager::Secret`, its value given or generated. Its physical id is its ARN, which Secrets Manager makes. */
export function createSecretHandler ({ operations }: SecretsRoom): ResourceHandler {
  const valueOf = async ({ caller, properties }: ResourceRequest): Promise<{ SecretString?: string }> => {
    const { GenerateSecretString: recipe, SecretString: text } = properties
    if (isObject(recipe)) return { SecretString: await generate(recipe, caller) }
    return typeof text === 'string' ? { SecretString: text } : {}
  }

  const generate = async (recipe: JsonObject, caller: Caller): Promise<string> => {
    const { SecretStringTemplate: template, GenerateStringKey: key, ...options } = recipe
    const { RandomPassword: password = '' } = await operations.GetRandomPassword(options, caller)
    if (template === undefined && key === undefined) return password
    if (template === undefined || key === undefined) throw new PlainFailure('SecretStringTemplate and GenerateStringKey must both be set or removed')
    const secret = parseObject(String(template))
    if (!secret || typeof key !== 'string') throw new PlainFailure('SecretStringTemplate must be a JSON object, and GenerateStringKey the key to put the generated text under.')
    return JSON.stringify({ ...secret, [key]: password })
  }

  return {
    create: async (request, initiated) => {
      const { caller, properties } = request
      const name = typeof properties.Name === 'string' ? properties.Name : `${request.logicalId}-${request.nonce}`
      const arn = await createOnce(request, name)
      initiated(arn)
      return { Id: arn }

      async function createOnce (request: ResourceRequest, name: string): Promise<string> {
        try {
          const { ARN: made } = await operations.CreateSecret({
            Name: name,
            ClientRequestToken: tokenOf(request.nonce),
            Tags: tagsOf(request),
            ...described(properties),
            ...await valueOf(request)
          }, caller)
          return made ?? ''
        } catch (error) {
          if (!(error instanceof AwsError && error.code === 'ResourceExistsException')) throw error
          const { ARN: present, Tags: tags } = await operations.DescribeSecret({ SecretId: name }, caller)
          if (!isOwn(tags, request)) throw error
          return present ?? ''
        }
      }
    },
    update: async (request, physicalId, previous) => {
      const { caller, properties } = request
      const isSame = (key: string): boolean => JSON.stringify(ownValue(properties, key)) === JSON.stringify(ownValue(previous, key))
      const value = isSame('GenerateSecretString') && isSame('SecretString') ? {} : await valueOf(request)
      await operations.UpdateSecret({ SecretId: physicalId, ...described(properties), ...value }, caller)
      const wanted = tagsOf(request)
      const { Tags: present = [] } = await operations.DescribeSecret({ SecretId: physicalId }, caller)
      const gone = present.flatMap(({ Key: key = '' }) => wanted.some(tag => tag.Key === key) ? [] : [key])
      await operations.UntagResource({ SecretId: physicalId, TagKeys: gone }, caller)
      await operations.TagResource({ SecretId: physicalId, Tags: wanted }, caller)
      return { Id: physicalId }
    },
    delete: async ({ caller }, physicalId) => {
      await unless(['ResourceNotFoundException'], async () =>
        await operations.DeleteSecret({ SecretId: physicalId, ForceDeleteWithoutRecovery: true }, caller))
    }
  }
}

function described ({ Description: description, KmsKeyId: key }: JsonObject): { Description?: string, KmsKeyId?: string } {
  return {
    ...(typeof description === 'string' ? { Description: description } : {}),
    ...(typeof key === 'string' ? { KmsKeyId: key } : {})
  }
}

/** A version id, the same at every repetition, so that a secret is made once. */
function tokenOf (nonce: string): string {
  return createHash('sha256').update(nonce).digest('hex').slice(0, 32)
}

export function parseObject (text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
