import type { Records } from './memory.js'

/** Parameters that AWS itself, or a bootstrapped CDK, has in every account; only their form matters here. */
const publicParameters: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\/aws\/service\/.*ami/, 'ami-0abcdef1234567890'],
  [/^\/cdk-bootstrap\/\w+\/version$/, '30']
]

/** There is no Parameter Store in the sandbox but those, and what stacks make: `AWS::SSM::Parameter` resources of the region. */
export function ssmValue (records: Records, region: string, name: string): string | undefined {
  for (const stack of records.stacks(region)) {
    if (stack.status === 'DELETE_COMPLETE') continue
    const found = records.resources.of(stack.id).find(({ type, physicalId, status }) =>
      type === 'AWS::SSM::Parameter' && physicalId === name && status !== 'DELETE_COMPLETE')
    if (found) return String(found.properties.Value ?? '')
  }
  return publicParameters.find(([pattern]) => pattern.test(name))?.[1]
}
