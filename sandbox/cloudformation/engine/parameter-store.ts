import type { Records } from './memory.js'

/** Parameters that AWS itself, or a bootstrapped CDK, has in every account; only their form matters here. */
const publicParameters: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\/aws\/service\/.*ami/, 'ami-0abcdef1234567890'],
  [/^\/cdk-bootstrap\/\w+\/version$/, '30']
]

/** What is found under a name: a list is a text with commas. */
export interface SsmValue { value: string, isList: boolean }

/**
 * There is no Parameter Store in the sandbox but those, and what stacks make: `AWS::SSM::Parameter` resources of the
 * region, of which every version (`name:1`) is the latest.
 */
export function ssmValue (records: Records, region: string, reference: string): SsmValue | undefined {
  const name = reference.replace(/:\d+$/, '')
  for (const stack of records.stacks(region)) {
    if (stack.status === 'DELETE_COMPLETE') continue
    const found = records.resources.of(stack.id).find(({ type, physicalId, status }) =>
      type === 'AWS::SSM::Parameter' && physicalId === name && status !== 'DELETE_COMPLETE')
    if (found) return { value: String(found.properties.Value ?? ''), isList: found.properties.Type === 'StringList' }
  }
  const [, value] = publicParameters.find(([pattern]) => pattern.test(name)) ?? []
  return value === undefined ? undefined : { value, isList: false }
}
