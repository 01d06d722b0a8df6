import { AwsError } from '../aws.js'
import { changeSecret } from './change.js'
import type { SecretOperations, SecretsContext } from './contract.js'
import { describeSecret, nameOf } from './describe.js'
import { chooseSecrets, pageOf } from './listing.js'
import { mergeTags, withoutTags } from './tags.js'

type FactOperations = Pick<SecretOperations, 'DescribeSecret' | 'ListSecrets' | 'TagResource' | 'UntagResource' | 'GetResourcePolicy' | 'PutResourcePolicy' | 'DeleteResourcePolicy'>

/** What is about secrets and not about their values. Policies are kept and not enforced. */
export function createFactOperations (context: SecretsContext): FactOperations {
  const { records } = context
  return {
    DescribeSecret: async ({ SecretId = '' }, { region }) => describeSecret(records.find(SecretId, region)),

    ListSecrets: async (request, { region }) => {
      const chosen = chooseSecrets(records.inRegion(region), request)
      const { page, ...next } = pageOf(chosen, request, ({ arn }) => arn)
      return { SecretList: page.map(secret => describeSecret(secret)), ...next }
    },

    TagResource: async ({ SecretId = '', Tags = [] }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      changeSecret(context, secret, { tags: mergeTags(secret.tags, Tags) })
      return {}
    },

    UntagResource: async ({ SecretId = '', TagKeys = [] }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      changeSecret(context, secret, { tags: withoutTags(secret.tags, TagKeys) })
      return {}
    },

    GetResourcePolicy: async ({ SecretId = '' }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      return { ...nameOf(secret), ...(secret.policy === undefined ? {} : { ResourcePolicy: secret.policy }) }
    },

    PutResourcePolicy: async ({ SecretId = '', ResourcePolicy = '' }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      requireJson(ResourcePolicy)
      return nameOf(changeSecret(context, secret, { policy: ResourcePolicy }))
    },

    DeleteResourcePolicy: async ({ SecretId = '' }, { region }) => {
      const { policy: _, ...secret } = records.findUsable(SecretId, region)
      return nameOf(changeSecret(context, secret, {}))
    }
  }
}

function requireJson (policy: string): void {
  try {
    JSON.parse(policy)
  } catch {
    throw new AwsError('MalformedPolicyDocumentException', 'This resource policy contains invalid JSON.')
  }
}
