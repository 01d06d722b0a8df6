import type { FastifyInstance } from 'fastify'
import { Type, type Static, type TSchema } from 'typebox'

import { problemKinds, type ProblemCode } from '../src/problems.js'
import { ID_PATTERN, SLUG_MAX_LENGTH, SLUG_PATTERN } from '../src/databases/naming.js'

/** A field that may be null: in one type where it can be said so, which generated clients like best. */
export const Nullable = <T extends TSchema>(schema: T) => {
  const { type } = schema as { type?: string }
  const nullable = type === undefined ? { anyOf: [schema, { type: 'null' }] } : { ...schema, type: [type, 'null'] }
  return Type.Unsafe<Static<T> | null>(nullable)
}

interface ChoiceOptions<Value> {
  description?: string
  default?: Value
}

/** One of a few texts. */
export const Choice = <const Values extends readonly string[]>(values: Values, options: ChoiceOptions<Values[number]> = {}) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: values, ...options })

/** A reference to a schema that is registered under its `$id`, with the type of what it refers to. */
export const refTo = <T extends TSchema>(schema: T & { $id?: string }) => Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })

/** The content of an answer in JSON, by a schema that is registered under its `$id`. */
export const asJson = <T extends TSchema>(schema: T & { $id?: string }, examples: object) =>
  ({ 'application/json': { schema: refTo(schema), examples } })

const Time = (description: string) => Type.Unsafe<Date>({ type: 'string', format: 'date-time', description })

export const Slug = (description: string) => Type.String({ pattern: SLUG_PATTERN, maxLength: SLUG_MAX_LENGTH, description })

export const ProblemSchema = Type.Object({
  type: Type.String({ description: 'Where the code is explained, relative to this service.' }),
  title: Type.String({ description: 'What went wrong, the same for every problem of this code.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What went wrong this time, and how to mend it.' }),
  instance: Type.String({ description: 'The path that was asked for.' }),
  code: Type.String({ description: 'The problem in one word, for programs.' }),
  requestId: Type.String({ description: 'Finds the request in the log.' }),
  retryable: Type.Boolean({ description: 'Whether the same request may succeed later, unchanged.' }),
  databaseId: Type.Optional(Type.String({ description: 'The database that is in the way.' })),
  errors: Type.Optional(Type.Array(Type.Object({
    path: Type.String({ description: 'A JSON pointer into the body, or ?name of the query.' }),
    message: Type.String({ description: 'What it must be.' })
  }), { description: 'One entry per finding.' }))
}, { $id: 'Problem', additionalProperties: true, description: 'What went wrong, as RFC 9457 has it.' })

const StepSchema = Type.Object({
  logicalId: Type.String({ description: 'Name of the resource in the template.' }),
  type: Type.String({ description: 'CloudFormation type of the resource.' }),
  status: Choice(['pending', 'in_progress', 'completed', 'failed', 'cancelled', 'skipped'], {
    description: '`cancelled`: another resource had failed, or it was undone. `skipped`: it was kept when the stack was deleted.'
  }),
  reason: Nullable(Type.String({ description: 'What CloudFormation says of it.' })),
  startedAt: Nullable(Time('When CloudFormation started on it.')),
  endedAt: Nullable(Time('When CloudFormation was done with it.'))
}, { $id: 'Step', description: 'What happened to one resource in an operation.' })

export const OperationSchema = Type.Object({
  id: Type.String({ description: 'The ClientRequestToken that CloudFormation stamps on each event of the operation.' }),
  type: Choice(['create', 'update', 'delete', 'import', 'recover'], { description: 'What was asked for.' }),
  status: Choice(['running', 'succeeded', 'failed'], { description: 'How it stands. One that is being undone has failed already.' }),
  startedAt: Time('When it was started.'),
  endedAt: Nullable(Time('When it settled.')),
  reason: Nullable(Type.String({ description: 'The first real cause of a failure.' })),
  progress: Type.Object({
    completed: Type.Integer({ description: 'Resources that are done.' }),
    total: Type.Integer({ description: 'Resources that the operation touches.' }),
    percent: Type.Integer({ minimum: 0, maximum: 100, description: 'Of the resources, rounded down; 100 only once it has succeeded.' }),
    estimatedReadyAt: Nullable(Time('From operations seen before in the region; null when there were none.'))
  }),
  steps: Type.Array(refTo(StepSchema))
}, { $id: 'Operation', description: 'One create, change, deletion or recovery, read from the events of the stack.' })

export const OutputsSchema = Type.Object({
  stackName: Nullable(Type.String({ description: 'Name of the CloudFormation stack.' })),
  clusterName: Nullable(Type.String({ description: 'Name of the Aurora cluster.' })),
  dnsName: Nullable(Type.String({ description: 'Host that PostgreSQL listens on.' })),
  dbName: Nullable(Type.String({ description: 'Name of the database in the cluster.' })),
  dbPort: Nullable(Type.Integer({ description: 'Port that PostgreSQL listens on.' })),
  clusterArn: Nullable(Type.String({ description: 'ARN of the cluster.' })),
  secretArn: Nullable(Type.String({ description: 'ARN of the secret that the stack made; null when DBMaster named one.' }))
}, { $id: 'Outputs', description: 'References to what the stack made, never values of secrets.' })

const ComputeSchema = Type.Object({
  state: Choice(['active', 'paused', 'resuming'], { description: 'A `paused` one wakes up at the next statement or connection.' }),
  capacityAcu: Nullable(Type.Number({ description: 'In Aurora capacity units, 0 while paused; null while only the state is known.' }))
}, {
  $id: 'Compute',
  description: 'Whether the database runs, as CloudWatch measured it a minute or two ago, or as a statement has met it since. ' +
    'Null in lists, while the database is not available, and when CloudWatch does not say.'
})

export const SnapshotSchema = Type.Object({
  id: Type.String({ description: 'For `snapshotId`.' }),
  arn: Type.String({ description: 'As AWS has it.' }),
  status: Type.String({ description: '`available` once it can be restored from.' }),
  origin: Choice(['requested', 'final', 'other'], { description: '`requested` through this service, `final` when CloudFormation deleted the database, or taken by somebody else.' }),
  createdAt: Nullable(Time('When it was taken; null until RDS says.')),
  engineVersion: Type.String({ description: 'Of PostgreSQL, when it was taken.' }),
  sizeGib: Type.Integer({ description: 'As AWS rounds it.' })
}, { $id: 'Snapshot', description: 'A copy of a database at one moment.' })

export const DatabaseSchema = Type.Object({
  id: Type.String({ pattern: ID_PATTERN, description: 'Region and stack name, joined by a dot.' }),
  client: Type.String({ description: 'Whose it is.' }),
  name: Type.String({ description: 'Tells the databases of a client apart.' }),
  environment: Type.String({ description: '`EnvironmentName` of the parameters.' }),
  region: Type.String({ description: 'The AWS region that its data stays in.' }),
  template: Type.String({ description: 'The product that it was made from; see `GET /v1/templates`.' }),
  status: Choice(['creating', 'available', 'updating', 'deleting', 'failed', 'delete_failed', 'deleted'], {
    description: 'It takes connections and statements while `available` or `updating`. An update that failed and was undone leaves it `available`, with a failed `operation`.'
  }),
  statusReason: Nullable(Type.String({ description: 'The first real cause in a sentence, when failed, and what can be done about it.' })),
  parameters: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
    description: 'The parameters of the template, by the names that CloudFormation has for them.'
  }),
  outputs: Nullable(refTo(OutputsSchema)),
  compute: Nullable(refTo(ComputeSchema)),
  operation: Nullable(refTo(OperationSchema)),
  snapshots: Nullable(Type.Array(refTo(SnapshotSchema), {
    description: 'What a deleted database can be restored from, newest first. Null in lists, while it is not deleted, and when RDS does not say.'
  })),
  stack: Type.Object({
    id: Type.String({ description: 'ARN of the CloudFormation stack.' }),
    name: Type.String({ description: 'A function of client, name, environment and region alone.' }),
    status: Type.String({ description: 'As CloudFormation has it.' })
  }),
  deletionProtection: Type.Boolean({ description: 'Refuses deletion while true.' }),
  expiresAt: Nullable(Time('When the service deletes it, with a final snapshot; null for never.')),
  expiryHeld: Type.Boolean({ description: 'Whether it is past `expiresAt` and only there because it is protected. It is deleted once the protection is taken off.' }),
  tags: Type.Record(Type.String(), Type.String(), { description: 'Those that callers gave it.' }),
  createdAt: Time('When the stack was created.'),
  updatedAt: Nullable(Time('When the stack was last changed.'))
}, {
  $id: 'Database',
  description: 'One client\'s database: one CloudFormation stack. `outputs` is null until the stack has them. In a list, `operation` is null for a database at rest that has not failed.'
})

/** Makes the shared schemas known, so that each stands once in the OpenAPI document, by its name. */
export function registerSchemas (app: FastifyInstance): void {
  const schemas = [ProblemSchema, StepSchema, OperationSchema, OutputsSchema, ComputeSchema, SnapshotSchema, DatabaseSchema]
  for (const schema of schemas) app.addSchema(schema)
}

const Problems = (codes: readonly ProblemCode[]) => ({
  description: codes.map(code => `\`${code}\`: ${problemKinds[code].title}.`).join(' '),
  content: { 'application/problem+json': { schema: refTo(ProblemSchema) } }
})

/** What every route that needs a key can answer. */
const always: readonly ProblemCode[] = ['unauthorized', 'forbidden', 'internal-error']

/** What every route that asks AWS can answer on top of that. */
const fromAws: readonly ProblemCode[] = ['aws-refused', 'aws-throttled', 'aws-unavailable']

/** The error responses of a route, by status, from the codes that it can answer. */
export function problemResponses (codes: readonly ProblemCode[], { asksAws = true, open = false } = {}) {
  const all = [...codes, ...(open ? ['internal-error'] as const : always), ...(asksAws ? fromAws : [])]
  const statuses = new Set(all.map(code => problemKinds[code].status))
  return Object.fromEntries([...statuses].map(status =>
    [status, Problems([...new Set(all.filter(code => problemKinds[code].status === status))])]))
}

/** Says that an earlier request had done it. */
export const replayedHeader = { 'idempotency-replayed': { type: 'string', description: '`true` when an earlier request like this one had done it.' } }

/** Of a page. */
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many to answer at most.' }))

export const DryRun = Type.Optional(Type.Boolean({ default: false, description: 'Answers what would be done, and does nothing.' }))

/** How fresh what is shown of a region is. */
export const RegionAnswer = {
  status: Choice(['ok', 'stale', 'unavailable'], { description: '`stale`: AWS was not, or not successfully, asked since `asOf`. `unavailable`: nothing is known of it.' }),
  asOf: Nullable(Type.Unsafe<Date>({ type: 'string', format: 'date-time', description: 'When AWS was asked.' })),
  problem: Nullable(Type.String({ description: 'The code of the problem, where AWS did not answer.' }))
}

export const DatabaseParams = Type.Object({
  id: Type.String({ pattern: ID_PATTERN, description: 'Id of the database.', examples: ['eu-west-1.acme-orders-dev-x7k2mq9a'] })
})

export const PreferHeader = Type.Object({
  prefer: Type.Optional(Type.String({ description: '`wait=N` holds the answer until the operation settles, at most N seconds, at most 60 (RFC 7240).', examples: ['wait=30'] }))
})

export const IdempotencyKey = Type.Optional(Type.String({
  minLength: 1, maxLength: 255, description: 'A name for this request, so that sending it again is known to be that.'
}))

/** Where there is nothing to say. */
export const NoBody = Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()])
