import type { Connection, FieldDef, Submittable } from 'pg'
import { AwsError } from '../aws.js'
import type { BoundValue } from './parameter-values.js'

/** One statement and the values to run it with: once for each set. */
export interface Statement {
  text: string
  valueSets: ReadonlyArray<readonly BoundValue[]>
}

export interface StatementResult {
  /** Undefined when the statement returns no rows at all. */
  columns?: FieldDef[]
  rows: Array<Array<string | null>>
  /** The command tag, such as `INSERT 0 1`; of the last run when there were several. */
  tag: string
}

const MAX_RESULT_BYTES = 1024 * 1024

/** pg's connection as it is; its published types describe an older one. */
interface Wire {
  stream: { cork: () => void, uncork: () => void }
  parse: (message: { text: string, types: number[] }) => void
  bind: (message: { values: Array<string | null> }) => void
  describe: (message: { type: 'P' }) => void
  execute: (message: object) => void
  sync: () => void
  sendCopyFail: (reason: string) => void
}

/**
 * A statement in PostgreSQL's extended protocol, which pg's own Query cannot do for us: the types of parameters are
 * declared, values come back as the text that the server printed, and several runs travel in one round trip. They end
 * in one Sync, so that outside a transaction block all of them happen or none.
 */
export class StatementRun implements Submittable {
  readonly result: Promise<StatementResult>
  /** Whether the server has said its last word; a refused result may still be arriving. */
  finished = false
  onFinished: () => void = () => {}
  readonly #statement: Statement
  readonly #rowBytes: number
  #resolve: (result: StatementResult) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #columns: FieldDef[] | undefined
  #rows: Array<Array<string | null>> = []
  #bytes = 0
  #tag = ''

  /** A result with a row over `rowBytes` is refused. */
  constructor (statement: Statement, rowBytes: number) {
    this.#statement = statement
    this.#rowBytes = rowBytes
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit (connection: Connection): void {
    const wire = connection as unknown as Wire
    wire.stream.cork()
    let parsed = ''
    for (const values of this.#statement.valueSets) {
      const types = values.map(({ oid }) => oid)
      if (types.join() !== parsed || values.length === 0) wire.parse({ text: this.#statement.text, types })
      parsed = types.join()
      wire.bind({ values: values.map(({ text }) => text) })
      wire.describe({ type: 'P' })
      wire.execute({})
    }
    wire.sync()
    wire.stream.uncork()
  }

  handleRowDescription ({ fields }: { fields: FieldDef[] }): void {
    this.#columns = fields
  }

  /** AWS counts a row as the protocol does: two bytes, four for each column, and the value's own. */
  handleDataRow ({ fields, length }: { fields: Array<string | null>, length: number }): void {
    const bytes = length - 4
    this.#bytes += bytes
    if (bytes > this.#rowBytes) this.#refuse('Packet for query is too large. Each row must be 64 KB or less.')
    else if (this.#bytes > MAX_RESULT_BYTES) this.#refuse('The result exceeds the size limit 1 MB.')
    else this.#rows.push(fields)
  }

  /** What still arrives of a refused result is dropped, so that its size is no matter of memory. */
  #refuse (message: string): void {
    this.#rows = []
    this.#reject(new AwsError('UnsupportedResultException', message))
  }

  handleCommandComplete ({ text }: { text: string }): void {
    this.#tag = text
    if (text.startsWith('COPY')) this.handleCopyData()
  }

  handleEmptyQuery (): void {}

  /** The server has passed over the Sync that it was sent with the statement: while it waits for rows it reads nothing else. */
  handleCopyInResponse (connection: Connection): void {
    const wire = connection as unknown as Wire
    wire.sendCopyFail('COPY is not supported')
    wire.sync()
    this.#reject(unexpected('CopyInResponse'))
  }

  handleCopyData (): void {
    this.#reject(unexpected('CopyOutResponse'))
  }

  handleError (error: Error): void {
    this.#finish()
    this.#reject(error)
  }

  #finish (): void {
    this.finished = true
    this.onFinished()
  }

  handleReadyForQuery (): void {
    this.#finish()
    const columns = this.#columns
    this.#resolve({ ...(columns ? { columns } : {}), rows: this.#rows, tag: this.#tag })
  }
}

/** What AWS has no use for is an error to it (observed on 17.9 for CopyOutResponse). */
function unexpected (message: string): AwsError {
  return new AwsError('DatabaseErrorException', `execute: unexpected message: ${message}`)
}
