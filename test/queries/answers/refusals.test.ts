import t from 'tap'

import { DataApiFailure } from '../../../src/aws/data-api.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import { problemKinds, type ProblemCode } from '../../../src/problems.js'
import { toProblem } from '../../../src/queries/answers/refusals.js'

const sqlStates: Array<[sqlState: string, code: ProblemCode, status: number, retryable: boolean]> = [
  ['23505', 'unique-violation', 409, false],
  ['40001', 'transaction-conflict', 409, true],
  ['40P01', 'transaction-conflict', 409, true],
  ['23503', 'sql-error', 422, false],
  ['42601', 'sql-error', 422, false],
  ['40002', 'sql-error', 422, false],
  ['53100', 'database-failed', 502, false],
  ['XX000', 'database-failed', 502, false]
]

for (const [sqlState, code, status, retryable] of sqlStates) {
  t.test(`${sqlState} is ${status} ${code}`, async t => {
    const failure = new DataApiFailure('sql', new AwsFailure('refused', 'DatabaseErrorException', 'no'), { sqlState, message: 'no', detail: null, hint: null, position: 3 })
    t.match(toProblem(failure, 'write', position => position + 1), { code, extensions: { sqlState, position: 4 } })
    t.match(problemKinds[code], { status, retryable })
  })
}
