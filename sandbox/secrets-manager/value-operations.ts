import { randomUUID } from 'node:crypto'
import { changeSecret } from './change.js'
import type { SecretOperations, SecretsContext } from './contract.js'
import { describeVersions, nameOf } from './describe.js'
import { pageOf } from './listing.js'
import { readValue, readValues } from './read-value.js'
import { checkLengths, checkOneValue, requireValue } from './validation.js'
import { addVersion, CURRENT, hasValue, relabel, stagesOf } from './versions.js'

type ValueOperations = Pick<SecretOperations, 'BatchGetSecretValue' | 'GetSecretValue' | 'ListSecretVersionIds' | 'PutSecretValue' | 'UpdateSecret' | 'UpdateSecretVersionStage'>

/** What reads and stores values, and moves the labels of their versions. */
export function createValueOperations (context: SecretsContext): ValueOperations {
  const { records, clock } = context
  return {
    GetSecretValue: async (request, { region }) => readValue(context, request, region),

    BatchGetSecretValue: async (request, { region }) => readValues(context, request, region),

    ListSecretVersionIds: async (request, { region }) => {
      const secret = records.find(request.SecretId ?? '', region)
      const versions = describeVersions(secret, records.versions(secret), request.IncludeDeprecated === true)
      const { page, ...next } = pageOf(versions, request, ({ VersionId = '' }) => VersionId)
      return { ...nameOf(secret), Versions: page, ...next }
    },

    PutSecretValue: async (request, { region }) => {
      requireValue(request)
      checkLengths(request)
      checkOneValue(request)
      const secret = records.findUsable(request.SecretId ?? '', region)
      const VersionId = request.ClientRequestToken ?? randomUUID()
      const changed = addVersion(records, secret, VersionId, request, request.VersionStages ?? [CURRENT], clock.now())
      return { ...nameOf(changed), VersionId, VersionStages: stagesOf(changed, VersionId) }
    },

    UpdateSecret: async (request, { region }) => {
      checkLengths(request)
      checkOneValue(request)
      const secret = records.findUsable(request.SecretId ?? '', region)
      const VersionId = request.ClientRequestToken ?? randomUUID()
      const valued = hasValue(request) ? addVersion(records, secret, VersionId, request, [CURRENT], clock.now()) : secret
      changeSecret(context, valued, {
        ...(request.Description === undefined ? {} : { description: request.Description }),
        ...(request.KmsKeyId === undefined ? {} : { kmsKeyId: request.KmsKeyId })
      })
      return { ...nameOf(secret), ...(hasValue(request) ? { VersionId } : {}) }
    },

    UpdateSecretVersionStage: async (request, { region }) => {
      checkLengths(request)
      const secret = records.findUsable(request.SecretId ?? '', region)
      return nameOf(changeSecret(context, secret, { stages: relabel(records, secret, request) }))
    }
  }
}
