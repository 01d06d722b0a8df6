import { AwsError } from '../../aws.js'
import type { Template } from './template.js'

const IAM = /^AWS::IAM::(AccessKey|Group|InstanceProfile|ManagedPolicy|Policy|Role|User|UserToGroupAddition)$/

/** What the caller has to acknowledge before this template may be launched. */
export function neededCapabilities (template: Template): { capabilities: string[], reason: string | undefined } {
  const iam = [...template.resources.values()].filter(({ type }) => IAM.test(type))
  // Every policy has a name, and only those that can stand alone have one of their own.
  const named = iam.some(({ type, properties }) => type !== 'AWS::IAM::Policy' && Object.hasOwn(properties, type.replace(IAM, '$1Name')))
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
