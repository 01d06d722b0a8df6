import type { RotationRulesType, Tag } from '@aws-sdk/client-secrets-manager'
import { ACCOUNT, AwsError } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Store } from '../store.js'
import { checkName, invalidRequest } from './validation.js'

/** A secret without its values. Times are epoch milliseconds. */
export interface SecretRecord {
  arn: string
  name: string
  region: string
  description?: string | undefined
  kmsKeyId?: string | undefined
  /** The service that made it for itself (`rds`). */
  owner?: string | undefined
  policy?: string | undefined
  /** Absent until it has had one, as AWS tells no tags from none any more. */
  tags?: Tag[] | undefined
  /** The version that carries each staging label. */
  stages: Record<string, string>
  createdAt: number
  changedAt: number
  /** Midnight UTC of the day of the last reading: AWS keeps no more either. */
  accessedAt?: number | undefined
  /** The same for each version; not in the versions' records, so that no value is written again because it was read. */
  versionsAccessedAt?: Record<string, number> | undefined
  rotatedAt?: number | undefined
  /** Where it is not rotated every seven days. */
  rotationRules?: RotationRulesType | undefined
  scheduledAt?: number | undefined
  /** Cancelled, until somebody asks for a rotation again. */
  isRotationCancelled?: boolean | undefined
  deletedAt?: number | undefined
  /** When it will be gone for good. */
  purgedAt?: number | undefined
}

/** One value of a secret. A version never changes; which of them counts is in the secret's stages. */
export interface VersionRecord {
  arn: string
  versionId: string
  createdAt: number
  text?: string | undefined
  /** Base64. */
  binary?: string | undefined
}

const arnSuffix = /-[A-Za-z0-9]{6}$/

/** Secrets and their versions on disk, found by whatever a caller may name them by. */
export type SecretRecords = ReturnType<typeof openRecords>

export function openRecords (store: Store, clock: Pick<Clock, 'now'>) {
  const secrets = store.collection<SecretRecord>('secrets')
  const versions = store.collection<VersionRecord>('secret-versions')

  const versionsOf = (secret: SecretRecord): VersionRecord[] => [...versions.values()].filter(({ arn }) => arn === secret.arn)

  const remove = (secret: SecretRecord): void => {
    secrets.delete(secretKey(secret))
    for (const version of versionsOf(secret)) versions.delete(versionKey(version))
  }

  /** A secret whose recovery window has passed is gone, though nothing happened at that moment. */
  const named = (name: string, region: string): SecretRecord | undefined => {
    const secret = secrets.get(secretKey({ name, region }))
    if (secret?.purgedAt === undefined || clock.now() < secret.purgedAt) return secret
    remove(secret)
    return undefined
  }

  /** Like AWS, an ARN that ends as a whole one does is taken for whole, even where that is the end of the name. */
  const withArn = (arn: string, region: string): SecretRecord | undefined => {
    const name = arn.split(':').slice(6).join(':')
    if (!arnSuffix.test(name)) return arn === `${arnPrefix(region)}${name}` ? named(name, region) : undefined
    const secret = named(name.replace(arnSuffix, ''), region)
    return secret?.arn === arn ? secret : undefined
  }

  /** By name, ARN or ARN without its last six characters. Throws ValidationException for what no name can be. */
  const findIfThere = (secretId: string, region: string): SecretRecord | undefined => {
    if (secretId.startsWith('arn:')) return withArn(secretId, region)
    checkName(secretId)
    return named(secretId, region)
  }

  /** The same; throws ResourceNotFoundException where there is none. */
  const find = (secretId: string, region: string): SecretRecord => {
    const secret = findIfThere(secretId, region)
    if (!secret) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    return secret
  }

  /** Saves a secret that has changed. */
  const save = (secret: SecretRecord, changes: Partial<SecretRecord> = {}): SecretRecord => {
    const saved = { ...secret, ...changes }
    secrets.put(secretKey(saved), saved)
    return saved
  }

  return {
    find,
    findIfThere,
    /** The same as `find`, but refuses secrets that are scheduled for deletion (InvalidRequestException). */
    findUsable: (secretId: string, region: string): SecretRecord => {
      const secret = find(secretId, region)
      if (secret.deletedAt === undefined) return secret
      throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
    },
    named,
    inRegion: (region: string) => [...secrets.values()].filter(secret => secret.region === region && named(secret.name, region)),
    all: () => [...secrets.values()],
    save,
    /** Saves what callers see as a change of the secret, with its time. */
    change: (secret: SecretRecord, changes: Partial<SecretRecord>) => save(secret, { ...changes, changedAt: clock.now() }),
    remove,
    version: ({ arn }: SecretRecord, versionId: string) => versions.get(versionKey({ arn, versionId })),
    /** In the order of their making. */
    versions: versionsOf,
    saveVersion: (version: VersionRecord) => { versions.put(versionKey(version), version) },
    removeVersion: (version: VersionRecord) => { versions.delete(versionKey(version)) }
  }
}

/** What the ARN of every secret of a region begins with. */
export function arnPrefix (region: string): string {
  return `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:`
}

function secretKey ({ name, region }: Pick<SecretRecord, 'name' | 'region'>): string {
  return `${region}/${name}`
}

function versionKey ({ arn, versionId }: Pick<VersionRecord, 'arn' | 'versionId'>): string {
  return `${arn}/${versionId}`
}
