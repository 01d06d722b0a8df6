import { readFileSync } from 'node:fs'

/** An example of the OpenAPI document, from `openapi/examples/`. A test holds each against its schema. */
export function example (name: string, summary: string): Record<string, { summary: string, value: unknown }> {
  return { [name]: { summary, value: readExample(name) } }
}

/** The same of an answer that is not JSON; the name ends with what it is. */
function textExample (name: string, summary: string): Record<string, { summary: string, value: string }> {
  return { [name]: { summary, value: readFile(name) } }
}

function readExample (name: string): unknown {
  return JSON.parse(readFile(`${name}.json`))
}

function readFile (name: string): string {
  return readFileSync(new URL(import.meta.resolve(`#openapi/examples/${name}`)), 'utf8')
}

export const databaseExample = example('database', 'A database that is being created')
export const awakeExample = example('database-awake', 'A database that has just woken up')
export const createExample = readExample('create-database')
export const createCloneExample = readExample('create-clone')
export const createPlanExample = example('create-plan', 'What the create would do')
export const changeExample = readExample('change-database')
export const changePlanExample = example('change-plan', 'More capacity for the cluster')
export const recoverExample = readExample('recover-database')
export const snapshotExample = example('snapshot', 'A snapshot before a migration')
export const takeSnapshotExample = readExample('take-snapshot')
export const deletedExample = example('database-deleted', 'A deleted database, with what it can come back from')
export const snapshotsExample = example('snapshot-list', 'The final snapshot of a deleted database')
export const listExample = example('database-list', 'One database, and a region that does not answer')
export const outputsExample = example('outputs', 'What a finished stack made')
export const connectionExample = example('connection', 'A line for a shell')
export const orphanExample = example('orphan', 'The final snapshot of a deleted database')
export const orphansExample = example('orphan-list', 'One orphan, and a region that does not answer')
export const rotationExample = example('rotation', 'Secret and cluster agree')
export const eventsExample = example('event-list', 'CloudFormation has started on the cluster')
export const operationsExample = example('operation-list', 'A create that runs')
export const regionsExample = example('region-list', 'One region')
export const templatesExample = example('template-list', 'One template, shortened')
export const templateExample = example('template', 'The default, shortened')
export const metricsExample = textExample('metrics.txt', 'Some of the metrics, shortened')
export const healthExample = example('health', 'It does')
export const readinessExample = example('readiness', 'Ready, while one region is down')
export const queryRequestExample = readExample('query-request')
export const queryExample = example('query', 'Two rows were changed')
export const ndjsonExamples = { ...textExample('rows.ndjson', 'Two rows'), ...textExample('broken-off.ndjson', 'A stream that broke off after its first row') }
export const csvExample = textExample('rows.csv', 'Three rows: with a text, with NULL, and with an empty text')
export const batchRequestExample = readExample('batch-request')
export const batchExample = example('batch', 'Three rows were inserted')
export const transactionRequestExample = readExample('transaction-request')
export const transactionExample = example('transaction', 'Money has changed hands')
export const beginRequestExample = readExample('begin-request')
export const begunExample = example('begun', 'A transaction is open')
export const committedExample = example('committed', 'It has happened')
export const rolledBackExample = example('rolled-back', 'Nothing of it is kept')
export const dataApiExamples = {
  Execute: example('data-api-execute', 'One row'),
  BatchExecute: example('data-api-batch-execute', 'Two sets of parameters'),
  BeginTransaction: example('data-api-begin-transaction', 'A transaction is open'),
  CommitTransaction: example('data-api-commit-transaction', 'It has happened'),
  RollbackTransaction: example('data-api-rollback-transaction', 'It has not')
}
