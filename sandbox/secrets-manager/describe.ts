import type { DescribeSecretResponse, SecretVersionsListEntry } from '@aws-sdk/client-secrets-manager'
import type { SecretRecord, VersionRecord } from './records.js'
import { nextRotation, rotationRulesOf } from './rotation.js'
import { stagesOf } from './versions.js'

export function nameOf ({ arn, name }: SecretRecord): { ARN: string, Name: string } {
  return { ARN: arn, Name: name }
}

/** Everything about a secret but its value; ListSecrets shows the same. */
export function describeSecret (secret: SecretRecord): DescribeSecretResponse & { SecretVersionsToStages: Record<string, string[]> } {
  const versionIds = [...new Set(Object.values(secret.stages))]
  const stages = Object.fromEntries(versionIds.map(id => [id, stagesOf(secret, id)]))
  return {
    ...nameOf(secret),
    ...(secret.description === undefined ? {} : { Description: secret.description }),
    ...(secret.kmsKeyId === undefined ? {} : { KmsKeyId: secret.kmsKeyId }),
    ...(secret.owner === undefined ? {} : rotationOf(secret)),
    ...dates(secret),
    Tags: secret.tags,
    VersionIdsToStages: stages,
    SecretVersionsToStages: stages
  }
}

/** A secret that a service manages is rotated by it, on a calendar of its own. */
function rotationOf (secret: SecretRecord): Partial<DescribeSecretResponse> {
  return {
    OwningService: secret.owner,
    RotationEnabled: true,
    RotationRules: rotationRulesOf(secret),
    NextRotationDate: new Date(nextRotation(secret))
  }
}

function dates (secret: SecretRecord): Partial<DescribeSecretResponse> {
  const known = {
    CreatedDate: secret.createdAt,
    LastChangedDate: secret.changedAt,
    LastAccessedDate: secret.accessedAt,
    LastRotatedDate: secret.rotatedAt,
    DeletedDate: secret.deletedAt
  }
  return Object.fromEntries(Object.entries(known)
    .filter(([, at]) => at !== undefined)
    .map(([name, at]) => [name, new Date(at ?? 0)]))
}

/** Versions without a label are deprecated, and listed on request only. */
export function describeVersions (secret: SecretRecord, versions: readonly VersionRecord[], withDeprecated: boolean): SecretVersionsListEntry[] {
  return versions
    .map(({ versionId, createdAt }) => {
      const stages = stagesOf(secret, versionId)
      return { VersionId: versionId, CreatedDate: new Date(createdAt), ...(stages.length > 0 ? { VersionStages: stages } : {}) }
    })
    .filter(({ VersionStages }) => withDeprecated || VersionStages !== undefined)
}
