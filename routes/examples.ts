import { readFileSync } from 'node:fs'

/** The examples of the OpenAPI document, from `openapi/examples/`. A test holds each against its schema. */
function example (name: string, summary: string): Record<string, { summary: string, value: unknown }> {
  const file = new URL(import.meta.resolve(`#openapi/examples/${name}.json`))
  return { [name]: { summary, value: JSON.parse(readFileSync(file, 'utf8')) as unknown } }
}

export const databaseExample = example('database', 'A database that is being created')
export const createExample = example('create-database', 'A database with two parameters and a tag')
export const listExample = example('database-list', 'One database, and a region that does not answer')
export const outputsExample = example('outputs', 'What a finished stack made')
export const connectionExample = example('connection', 'A line for a shell')
export const eventsExample = example('event-list', 'CloudFormation has started on the cluster')
export const operationsExample = example('operation-list', 'A create that runs')
export const regionsExample = example('region-list', 'One region')
export const templatesExample = example('template-list', 'One template, shortened')
