import type * as Rds from '@aws-sdk/client-rds'
import { createHash } from 'node:crypto'
import { AwsError, type OperationsOf } from '../aws.js'
import { listed, pageOf } from './paging.js'

/** The authorities that sign the certificates of servers, the usual one first, and until when each is valid (Aurora User Guide, "Using SSL/TLS"). */
const VALID_UNTIL: Readonly<Record<string, number>> = { 'rds-ca-rsa2048-g1': 2061, 'rds-ca-rsa4096-g1': 2121, 'rds-ca-ecc384-g1': 2121 }
export const AUTHORITIES: readonly string[] = Object.keys(VALID_UNTIL)
const VALID_DAYS = 365

/** Throws AWS's refusal of an authority that there is not, or not any more (steampipe-plugin-aws#2362). */
export function requireAuthority (name: string | undefined): void {
  if (name !== undefined && !AUTHORITIES.includes(name)) throw new AwsError('CertificateNotFound', `Certificate ${name} not found`, 404)
}

export function showCertificate (authority: string | undefined, sinceMs: number): Rds.CertificateDetails {
  return { CAIdentifier: authority, ValidTill: new Date(sinceMs + VALID_DAYS * 24 * 60 * 60 * 1000) }
}

/** The authorities are there to be named; the servers' own certificates are of none of them. */
export const certificateOperations = {
  DescribeCertificates: async (input, { region }) => {
    const { CertificateIdentifier: wanted } = input
    requireAuthority(wanted)
    const found = pageOf(AUTHORITIES.filter(name => wanted === undefined || name === wanted), input)
    const certificates = listed('Certificates', found, name => ({
      CertificateIdentifier: name,
      CertificateType: 'CA',
      CertificateArn: `arn:aws:rds:${region}::cert:${name}`,
      Thumbprint: createHash('sha1').update(name + region).digest('hex'),
      ValidFrom: new Date('2021-05-25T22:34:57Z'),
      ValidTill: new Date(`${VALID_UNTIL[name]}-05-25T23:34:57Z`),
      CustomerOverride: false
    }))
    return { DefaultCertificateForNewLaunches: AUTHORITIES[0], ...certificates }
  }
} satisfies Partial<OperationsOf<typeof Rds>>
