import type * as Rds from '@aws-sdk/client-rds'
import { AwsError } from '../aws.js'

/** The authorities that sign the certificates of servers, the usual one first. */
export const AUTHORITIES: readonly string[] = ['rds-ca-rsa2048-g1', 'rds-ca-rsa4096-g1', 'rds-ca-ecc384-g1']
const VALID_DAYS = 365

/** Throws AWS's refusal of an authority that there is not, or not any more (steampipe-plugin-aws#2362). */
export function requireAuthority (name: string | undefined): void {
  if (name !== undefined && !AUTHORITIES.includes(name)) throw new AwsError('CertificateNotFound', `Certificate ${name} not found`, 404)
}

export function showCertificate (authority: string | undefined, sinceMs: number): Rds.CertificateDetails {
  return { CAIdentifier: authority, ValidTill: new Date(sinceMs + VALID_DAYS * 24 * 60 * 60 * 1000) }
}
