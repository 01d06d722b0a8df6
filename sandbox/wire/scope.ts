import { AwsError } from '../aws.js'
import type { WireRequest } from './message.js'

/** Where and to whom a request is signed. */
export interface Scope {
  region: string
  /** The signing name of the service, where the request is signed at all. */
  service?: string
}

const credential = /^[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request$/
const regionName = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/

/**
 * Reads the credential scope of a signature (SigV4), from the Authorization header or a presigned query. The signature
 * itself is not checked: any credentials will do. Unsigned requests belong to us-east-1.
 */
export function readScope (request: WireRequest): Scope {
  const header = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1]
  const signed = header ?? request.query.get('X-Amz-Credential')
  if (!signed) return { region: 'us-east-1' }
  const [, region, service] = credential.exec(signed) ?? []
  if (!region || !service) {
    throw new AwsError('IncompleteSignature', 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term')
  }
  if (!regionName.test(region)) {
    throw new AwsError('SignatureDoesNotMatch', `Credential should be scoped to a valid region, not '${region.slice(0, 50)}'.`, 403)
  }
  return { region, service }
}
