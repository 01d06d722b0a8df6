/** Who calls, and where: the region is the one in the credential scope of the request's signature. */
export interface Caller {
  region: string
  /** Twelve digits; the sandbox has one account, `000000000000`. */
  account: string
  requestId: string
  /** What came with temporary credentials. */
  sessionToken?: string | undefined
}

/** One operation of an AWS service, in the SDK's own input and output types. It throws {@link AwsError}. */
export type Operation<Input, Output> = (input: Input, caller: Caller) => Promise<Output>

/** The operations of those names, all of them unless told, each with the input and the output of its command in a client of the SDK. */
export type OperationsOf<Sdk, Name extends string = NameIn<keyof Sdk>> = {
  [N in Name]: Sdk extends Record<`${N}Command`, new (...input: never[]) => Command<infer Input, infer Output>> ? Operation<Input, Omit<Output, '$metadata'>> : never
}

type NameIn<Export> = Export extends `${infer Name}Command` ? Name : never

interface Command<Input, Output> {
  readonly input: Input
  resolveMiddleware: (...given: never[]) => (...given: never[]) => Promise<{ output: Output }>
}

/** The operations of one AWS service by their AWS names (`CreateStack`). `never` lets each have its own input. */
export type Operations = Record<string, (input: never, caller: Caller) => Promise<unknown>>

/** The operations, before each of which `check` may throw a refusal. */
export function checkedBefore<T extends object> (operations: T, check: (name: keyof T & string, input: object, caller: Caller) => void): T {
  const checked = Object.entries(operations as Operations).map(([name, run]) => [name, async (input: never, caller: Caller) => {
    check(name as keyof T & string, input, caller)
    return await run(input, caller)
  }] as const)
  return Object.fromEntries(checked) as T
}

/**
 * A refusal as AWS words it. `code` is the code on the wire (`DBClusterNotFoundFault`, `ValidationError`);
 * the HTTP status is the service model's for that code, or `status` for codes that are in no model.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: string
  readonly status: number
  /** Members of the error shape other than its message (`dbConnectionId`). */
  readonly fields: Readonly<Record<string, unknown>>

  constructor (code: string, message: string, status = 400, fields: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.code = code
    this.status = status
    this.fields = fields
  }
}

/** What AWS says of a member of a request that its model does not allow: `Value 'x' at 'name'`, and what the member must. */
export function unmetConstraint (code: string, subject: string, demand: string): AwsError {
  return new AwsError(code, `1 validation error detected: ${subject} failed to satisfy constraint: Member must ${demand}`)
}

export const ACCOUNT = '000000000000'
