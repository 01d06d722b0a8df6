import type { ValidateResourcePolicyResponse } from '@aws-sdk/client-secrets-manager'
import { AwsError } from '../aws.js'

interface Statement { Effect?: unknown, Principal?: unknown, Condition?: unknown }

/** What is wrong with a policy that says something, as AWS tells it: that it lets anybody in. Throws MalformedPolicyDocumentException for one that says nothing. */
export function validatePolicy (policy: string): Required<ValidateResourcePolicyResponse> {
  const isPublic = statementsOf(policy).some(({ Effect, Principal, Condition }) => Effect === 'Allow' && Condition === undefined && isAnybody(Principal))
  const ValidationErrors = isPublic ? [{ CheckName: 'PublicAccess', ErrorMessage: 'The resource policy allows broad access to the secret.' }] : []
  return { PolicyValidationPassed: !isPublic, ValidationErrors }
}

function isAnybody (principal: unknown): boolean {
  const named = typeof principal === 'object' && principal !== null && 'AWS' in principal ? principal.AWS : principal
  return [named].flat().includes('*')
}

/** The second sentence is AWS's (awsdocs/aws-cloudformation-user-guide#623); which of the two comes when could not be checked. */
function statementsOf (policy: string): Statement[] {
  let read: unknown
  try {
    read = JSON.parse(policy)
  } catch {
    throw malformed('This resource policy contains invalid JSON.')
  }
  const { Version: version = '2008-10-17', Statement: given = [] } = Object(read) as { Version?: unknown, Statement?: unknown }
  const statements = [given].flat() as Array<Statement | null>
  const isKnown = version === '2012-10-17' || version === '2008-10-17'
  if (!isKnown || statements.length === 0 || !statements.every(isStatement)) throw malformed('This policy has invalid syntax.')
  return statements
}

function isStatement (statement: Statement | null): statement is Statement {
  const has = (...names: string[]): boolean => names.some(name => Object.hasOwn(statement ?? {}, name))
  return (statement?.Effect === 'Allow' || statement?.Effect === 'Deny') && has('Principal', 'NotPrincipal') && has('Action', 'NotAction')
}

function malformed (message: string): AwsError {
  return new AwsError('MalformedPolicyDocumentException', message)
}
