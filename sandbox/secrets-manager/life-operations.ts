import { AwsError } from '../aws.js'
import type { SecretOperations, SecretsContext } from './contract.js'
import { createSecret } from './create.js'
import { deleteSecret } from './delete.js'
import { nameOf } from './describe.js'
import { generatePassword } from './passwords.js'
import { CURRENT } from './versions.js'

type LifeOperations = Pick<SecretOperations, 'CreateSecret' | 'DeleteSecret' | 'RestoreSecret' | 'RotateSecret' | 'GetRandomPassword'>

/** How secrets come, go, come back and change by themselves. */
export function createLifeOperations (context: SecretsContext): LifeOperations {
  const { records, rotation, randomBelow } = context
  return {
    CreateSecret: async (request, caller) => createSecret(request, caller, context),

    DeleteSecret: async (request, caller) => deleteSecret(request, caller, context),

    RestoreSecret: async ({ SecretId = '' }, { region }) => {
      const { deletedAt: _, purgedAt: __, ...restored } = records.find(SecretId, region)
      records.save(restored)
      return nameOf(restored)
    },

    RotateSecret: async ({ SecretId = '', RotationLambdaARN, RotationRules, RotateImmediately = true }, caller) => {
      const secret = records.findUsable(SecretId, caller.region)
      if (RotationLambdaARN !== undefined) throw new AwsError('AccessDeniedException', 'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.')
      const scheduled = rotation.schedule(secret, RotationRules)
      if (!RotateImmediately) return { ...nameOf(scheduled), VersionId: scheduled.stages[CURRENT] }
      const rotated = await rotation.rotate(scheduled, caller)
      return { ...nameOf(rotated), VersionId: rotated.stages[CURRENT] }
    },

    GetRandomPassword: async request => ({ RandomPassword: generatePassword(request, randomBelow) })
  }
}
