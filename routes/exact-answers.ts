import type { FastifyReply } from 'fastify'

import { isJsonType, toJson } from '../src/queries/answers/json-text.js'
import type { Outcome } from '../src/queries/answers/outcome.js'

interface Columns { columns: Outcome['columns'] }
interface Results { results: Array<Columns | null> | null }

/** Has an answer with columns of JSON written without reading that JSON. Any other is written as its schema says, which is faster. */
export function sendExactly<Answer extends Columns | Results> (reply: FastifyReply, answer: Answer): Answer {
  const outcomes = 'results' in answer ? answer.results ?? [] : [answer as Columns]
  const hasJson = outcomes.some(outcome => outcome?.columns.some(({ type }) => isJsonType(type)))
  if (hasJson) reply.type('application/json; charset=utf-8').serializer(toJson)
  return answer
}
