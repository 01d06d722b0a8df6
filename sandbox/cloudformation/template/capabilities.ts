import { AwsError } from '../../aws.js'
import type { Template } from './template.js'

/** IAM types with the property that gives them a name of the caller's choice. */
const iamNames: Readonly<Record<string, string | undefined>> = {
  'AWS::IAM::AccessKey': undefined,
  'AWS::IAM::Group': 'GroupName',
  'AWS::IAM::InstanceProfile': 'InstanceProfileName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': undefined,
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::User': 'UserName',
  'AWS::IAM::UserToGroupAddition': undefined
}

/** What the caller has to acknowledge before this template may be launched. */
export function neededCapabilities (template: Template): { capabilities: string[], reason: string | undefined } {
  const iam = [...template.resources.values()].filter(({ type }) => Object.hasOwn(iamNames, type))
  const named = iam.some(({ type, properties }) => Object.hasOwn(properties, iamNames[type] ?? ''))
  const capabilities = [
    ...(iam.length === 0 ? [] : [named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM']),
    ...(template.transforms.length === 0 ? [] : ['CAPABILITY_AUTO_EXPAND'])
  ]
  const types = [...new Set(iam.map(({ type }) => type))]
  return { capabilities, reason: types.length === 0 ? undefined : `The following resource(s) require capabilities: [${types.join(', ')}]` }
}

/** Throws InsufficientCapabilitiesException for what the template needs and the caller has not acknowledged. */
export function requireCapabilities (template: Template, acknowledged: readonly string[]): void {
  const given = new Set(acknowledged)
  if (given.has('CAPABILITY_NAMED_IAM')) given.add('CAPABILITY_IAM')
  const missing = neededCapabilities(template).capabilities.filter(name => !given.has(name))
  if (missing.length > 0) throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${missing.join(', ')}]`)
}
