import type { GetSecretValueRequest, UpdateSecretVersionStageRequest } from '@aws-sdk/client-secrets-manager'
import { AwsError } from '../aws.js'
import type { SecretRecord, SecretRecords, VersionRecord } from './records.js'
import { invalidParameter, invalidRequest, type SecretValue } from './validation.js'

export const CURRENT = 'AWSCURRENT'
const PREVIOUS = 'AWSPREVIOUS'
const PENDING = 'AWSPENDING'

/** AWS keeps about a hundred; of those beyond, it drops the oldest that no label holds on to. */
const KEPT_VERSIONS = 100
const STAGES_PER_VERSION = 20

export function hasValue (value: SecretValue): boolean {
  return value.SecretString !== undefined || value.SecretBinary !== undefined
}

/** A value as it is kept. */
export function valueOf ({ SecretString: text, SecretBinary: binary }: SecretValue): Pick<VersionRecord, 'text' | 'binary'> {
  return { text, binary: binary === undefined ? undefined : Buffer.from(binary).toString('base64') }
}

/** The labels that a version carries, in the order in which they were attached. */
export function stagesOf (secret: SecretRecord, versionId: string): string[] {
  return Object.entries(secret.stages).filter(([, held]) => held === versionId).map(([stage]) => stage)
}

/**
 * Adds a version and moves `stages` to it, which is what counts as storing a value. The first one is the current one,
 * whatever else it is. The same id with the same value
 * again changes nothing; with another value it throws ResourceExistsException.
 */
export function addVersion (
  records: SecretRecords, secret: SecretRecord, versionId: string, value: SecretValue, stages: readonly string[], now: number
): SecretRecord {
  const version: VersionRecord = { arn: secret.arn, versionId, createdAt: now, ...valueOf(value) }
  const known = records.version(secret, versionId)
  if (known && !isSameValue(known, version)) throw tokenInUse(secret, versionId)
  if (known && stagesOf(secret, versionId).length > 0) return secret
  if (!known) records.saveVersion(version)
  const first = secret.stages[CURRENT] === undefined ? [CURRENT] : []
  const moved = [...stages, ...first].reduce((held, stage) => moveStage(held, stage, versionId), secret.stages)
  const changed = records.save(secret, { changedAt: now, stages: moved })
  dropOldest(records, changed)
  return changed
}

export function tokenInUse ({ arn }: SecretRecord, token: string): AwsError {
  return new AwsError('ResourceExistsException', `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`)
}

export function isSameValue (a: VersionRecord, b: Pick<VersionRecord, 'text' | 'binary'>): boolean {
  return a.text === b.text && a.binary === b.binary
}

/** Moves a label. Where AWSCURRENT leaves a version, AWSPREVIOUS arrives and AWSPENDING goes. */
function moveStage (stages: Readonly<Record<string, string>>, stage: string, versionId: string): Record<string, string> {
  const { [stage]: holder, ...others } = stages
  if (stage !== CURRENT || holder === undefined || holder === versionId) return { ...others, [stage]: versionId }
  const settled = Object.fromEntries(Object.entries(others).filter(([label, held]) => label !== PENDING || held !== holder))
  return { ...settled, [PREVIOUS]: holder, [stage]: versionId }
}

function dropOldest (records: SecretRecords, secret: SecretRecord): void {
  const versions = records.versions(secret)
  const unlabelled = versions.filter(({ versionId }) => stagesOf(secret, versionId).length === 0)
  for (const version of unlabelled.slice(0, Math.max(0, versions.length - KEPT_VERSIONS))) records.removeVersion(version)
}

/** The version that a reader asks for by id, label or neither. Throws where there is none. */
export function chooseVersion (records: SecretRecords, secret: SecretRecord, asked: GetSecretValueRequest): VersionRecord {
  const { VersionId, VersionStage = CURRENT } = asked
  const versionId = VersionId ?? secret.stages[VersionStage]
  const version = versionId === undefined ? undefined : records.version(secret, versionId)
  if (!version) {
    const what = VersionId === undefined ? `staging label: ${VersionStage}` : `VersionId: ${VersionId}`
    throw new AwsError('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${what}`)
  }
  if (asked.VersionStage !== undefined && secret.stages[asked.VersionStage] !== version.versionId) {
    throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.')
  }
  return version
}

/** The labels after UpdateSecretVersionStage. Whoever moves one has to say where it is now. */
export function relabel (
  records: SecretRecords, secret: SecretRecord, request: UpdateSecretVersionStageRequest
): Record<string, string> {
  const { VersionStage: stage = '', RemoveFromVersionId: from, MoveToVersionId: to } = request
  const holder = secret.stages[stage]
  if (to !== undefined && !records.version(secret, to)) {
    throw new AwsError('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for VersionId: ${to}`)
  }
  if (holder !== undefined && holder !== to && holder !== from) {
    throw invalidParameter(`The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`)
  }
  if (to !== undefined) {
    if (stagesOf(secret, to).length >= STAGES_PER_VERSION) throw new AwsError('LimitExceededException', `You can't attach more than ${STAGES_PER_VERSION} staging labels to one version.`)
    return moveStage(secret.stages, stage, to)
  }
  if (stage === CURRENT) {
    throw invalidParameter('You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.')
  }
  const { [stage]: _, ...others } = secret.stages
  return others
}
