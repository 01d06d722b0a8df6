import { createHash, randomBytes } from 'node:crypto'
import { ACCOUNT, AwsError } from '../aws.js'

/** The part of an ARN of RDS that says of what kind the resource is. */
export type ResourceKind = 'cluster' | 'db' | 'cluster-snapshot' | 'cluster-endpoint' | 'subgrp' | 'cluster-pg' | 'pg'

const IDENTIFIER = /^[a-zA-Z](-?[a-zA-Z0-9])*$/
const BASE_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function arnOf (region: string, kind: ResourceKind, name: string): string {
  return `arn:aws:rds:${region}:${ACCOUNT}:${kind}:${name}`
}

/** The name in an ARN of that kind in the region and the account; anything that is no ARN is a name itself. */
export function nameIn (nameOrArn: string, kind: ResourceKind, region: string): string | undefined {
  if (!nameOrArn.startsWith('arn:')) return nameOrArn
  const prefix = arnOf(region, kind, '')
  return nameOrArn.startsWith(prefix) ? nameOrArn.slice(prefix.length) : undefined
}

/** A new resource id as AWS makes them: `cluster-`, `db-` and 26 letters and digits. */
export function newResourceId (prefix: 'cluster' | 'db' | 'snapshot' | 'cluster-endpoint'): string {
  return `${prefix}-${[...randomBytes(26)].map(byte => BASE_32.charAt(byte % BASE_32.length)).join('')}`
}

/** The same made-up id for the same text: `sg-` or `vpc-` of what exists in no account here. */
export function standInId (prefix: string, text: string): string {
  return `${prefix}-${createHash('sha256').update(text).digest('hex').slice(0, 17)}`
}

/** The ARN of the key that AWS keeps in every account and region for a service: `rds`, `secretsmanager`. */
export function serviceKeyArn (region: string, service: string): string {
  const hex = createHash('sha256').update(`${service}/${region}`).digest('hex').slice(0, 32)
  return `arn:aws:kms:${region}:${ACCOUNT}:key/${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
}

/** The zones of a region; RDS puts every cluster into three. */
export function zonesOf (region: string): string[] {
  return ['a', 'b', 'c'].map(letter => region + letter)
}

/** The identifier in lower case, as RDS stores it. Throws AWS's refusal of a malformed one. */
export function readIdentifier (member: string, value: string | undefined, longest = 63): string {
  if (!value) throw new AwsError('MissingParameter', `The request must contain the parameter ${member}.`)
  if (value.length > longest || !IDENTIFIER.test(value)) {
    throw invalidValue(`The parameter ${member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`)
  }
  return value.toLowerCase()
}

export function invalidValue (message: string): AwsError {
  return new AwsError('InvalidParameterValue', message)
}

export function invalidCombination (message: string): AwsError {
  return new AwsError('InvalidParameterCombination', message)
}
