import type { DescribeSecretResponse, SecretListEntry, SecretVersionsListEntry as Entry } from '@aws-sdk/client-secrets-manager'
import type { SecretRecord, VersionRecord } from './records.js'
import { nextRotation, rotationRulesOf } from './rotation.js'
import { describeRules } from './schedule.js'
import { stagesOf } from './versions.js'

export function nameOf ({ arn, name }: SecretRecord): { ARN: string, Name: string } {
  return { ARN: arn, Name: name }
}

/** Everything about a secret but its value; ListSecrets shows the same. */
export function describeSecret (secret: SecretRecord): DescribeSecretResponse & Pick<SecretListEntry, 'SecretVersionsToStages'> {
  const versionIds = [...new Set(Object.values(secret.stages))]
  const stages = versionIds.length === 0 ? undefined : Object.fromEntries(versionIds.map(id => [id, stagesOf(secret, id)]))
  return {
    ...nameOf(secret),
    Description: secret.description === '' ? undefined : secret.description,
    KmsKeyId: secret.kmsKeyId,
    ...(secret.owner === undefined ? {} : rotationOf(secret)),
    CreatedDate: new Date(secret.createdAt),
    LastChangedDate: new Date(secret.changedAt),
    LastAccessedDate: dateOf(secret.accessedAt),
    LastRotatedDate: dateOf(secret.rotatedAt),
    DeletedDate: dateOf(secret.deletedAt),
    Tags: secret.tags,
    VersionIdsToStages: stages,
    SecretVersionsToStages: stages
  }
}

/** A secret that a service manages is rotated by it, on a calendar of its own. */
function rotationOf (secret: SecretRecord): Partial<DescribeSecretResponse> {
  return {
    OwningService: secret.owner,
    RotationEnabled: secret.isRotationCancelled !== true,
    RotationRules: describeRules(rotationRulesOf(secret), secret.rotatedAt ?? secret.createdAt),
    NextRotationDate: dateOf(nextRotation(secret))
  }
}

function dateOf (time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}

/** Versions without a label are deprecated, and listed on request only. */
export function describeVersions (secret: SecretRecord, versions: readonly VersionRecord[], withDeprecated: boolean): Entry[] {
  return versions
    .map(version => ({ ...version, stages: stagesOf(secret, version.versionId) }))
    .filter(({ stages }) => withDeprecated || stages.length > 0)
    .map(({ versionId, createdAt, stages }) => ({
      VersionId: versionId,
      CreatedDate: new Date(createdAt),
      LastAccessedDate: dateOf(secret.versionsAccessedAt?.[versionId]),
      VersionStages: stages.length > 0 ? stages : undefined,
      KmsKeyIds: [secret.kmsKeyId ?? 'DefaultEncryptionKey']
    }))
}
