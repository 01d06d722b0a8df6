import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CloudFormationClient, CreateStackCommand, DeleteStackCommand, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation'

const TEMPLATE = readFileSync(fileURLToPath(import.meta.resolve('#templates/aurora-serverless-v2-postgres.yaml')), 'utf8')
const POLL_MS = 10
const TIMEOUT_MS = 120_000

/** What the Data API needs to know of a database. */
export interface Database {
  stackId: string
  resourceArn: string
  secretArn: string
  database: string
}

/** A client's way to the sandbox. */
export function clientConfig (endpoint: string) {
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' }, maxAttempts: 1 }
}

/** Launches the v2 template, with a secret of its own, and resolves at CREATE_COMPLETE. */
export async function createDatabase (
  client: CloudFormationClient,
  name: string,
  parameters: Readonly<Record<string, string>> = {}
): Promise<Database> {
  const given = { DBMaster: '', ClusterName: name, ...parameters }
  const { StackId } = await client.send(new CreateStackCommand({
    StackName: name,
    TemplateBody: TEMPLATE,
    Parameters: Object.entries(given).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }))
  }))
  const stack = await settle(client, StackId ?? name, 'CREATE_COMPLETE')
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue ?? '']))
  return { stackId: stack.StackId ?? name, resourceArn: outputs.get('ClusterArn') ?? '', secretArn: outputs.get('SecretArn') ?? '', database: 'temporal' }
}

/** Resolves when the stack is gone. */
export async function deleteDatabase (client: CloudFormationClient, { stackId }: Database): Promise<void> {
  await client.send(new DeleteStackCommand({ StackName: stackId }))
  await settle(client, stackId, 'DELETE_COMPLETE')
}

async function settle (client: CloudFormationClient, stackId: string, wanted: string): Promise<Stack> {
  const deadlineMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackId }))
    if (stack?.StackStatus === wanted) return stack
    if (!stack?.StackStatus?.endsWith('_IN_PROGRESS') || performance.now() > deadlineMs) {
      throw new Error(`${stackId} is ${stack?.StackStatus ?? 'gone'}, not ${wanted}: ${stack?.StackStatusReason ?? ''}`)
    }
    await wait(POLL_MS)
  }
}
