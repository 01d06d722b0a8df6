import { Readable } from 'node:stream'

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { StackEvent } from '../src/aws/stacks.js'
import type { Databases } from '../src/databases/databases.js'
import { eventsAfter } from '../src/databases/follow.js'
import { principalOf } from '../src/plugins/authentication.js'
import type { Clock } from '../src/clock.js'
import type { LiveStreamMetrics } from '../src/metrics/requests.js'
import { eventsExample, operationsExample } from './examples.js'
import { dropSlowReader, dropSlowTail, liveEvents } from './live-events.js'
import { chooseMedia } from './media.js'
import { hangUp, wantsFresh } from './preferences.js'
import { asJson, DatabaseParams, Nullable, OperationSchema, problemResponses, refTo } from './schemas.js'

/** In the order of preference where the caller has none. */
const EVENT_MEDIA = ['application/json', 'text/event-stream'] as const

const EventSchema = Type.Object({
  id: Type.String({ description: 'For `after` and `Last-Event-ID`.' }),
  at: Type.Unsafe<Date>({ type: 'string', format: 'date-time' }),
  logicalId: Type.String({ description: 'Name of the resource in the template; the stack\'s own for events of the stack.' }),
  physicalId: Nullable(Type.String({ description: 'What AWS calls the resource, once it does.' })),
  type: Type.String({ description: 'CloudFormation type of the resource.' }),
  status: Type.String({ description: 'As CloudFormation has it.' }),
  reason: Nullable(Type.String()),
  operationId: Nullable(Type.String({ description: 'The operation that it belongs to.' }))
}, { $id: 'StackEvent', description: 'One line of the history of a stack.' })

const EventListSchema = Type.Object({
  items: Type.Array(refTo(EventSchema)),
  nextCursor: Type.Null({ description: 'A stack\'s events are answered whole.' })
}, { $id: 'StackEventList', description: 'The events of a stack, oldest first.' })

const OperationListSchema = Type.Object({
  items: Type.Array(refTo(OperationSchema)),
  nextCursor: Type.Null({ description: 'A stack\'s operations are answered whole.' })
}, { $id: 'OperationList', description: 'The operations of a stack, newest first.' })

/** What CloudFormation has done and is doing: events as a list and live, and the operations they add up to. */
export function registerEventRoutes (instance: FastifyInstance, databases: Databases, metrics: LiveStreamMetrics, clock: Clock): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  for (const schema of [EventSchema, EventListSchema, OperationListSchema]) instance.addSchema(schema)

  app.get('/v1/databases/:id/events', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'listEvents',
      tags: ['events'],
      summary: 'List the events of a database, or follow them live',
      description: 'With `Accept: text/event-stream` as server-sent events: `stack-event` for each event, ' +
        '`database` with the whole database when its status or progress has changed, ' +
        '`end` with the status when the operation has settled. `Last-Event-ID` resumes, at any replica. ' +
        'A reader that takes nothing for 30 s is cut off; when the service stops, the stream ends with a `retry:` and no `end`.',
      params: DatabaseParams,
      querystring: Type.Object({ after: Type.Optional(Type.String({ description: 'Id of the last event that the caller has.' })) }, { additionalProperties: false }),
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'Id of the last event that the caller has, when it follows live.' })) }),
      response: {
        200: {
          description: 'The events, oldest first.',
          content: {
            'application/json': { schema: refTo(EventListSchema), examples: eventsExample },
            'text/event-stream': { schema: Type.Unsafe<Readable>({ type: 'string', description: 'Server-sent events.' }) }
          }
        },
        ...problemResponses(['invalid-request', 'not-found'])
      }
    }
  }, async (request, reply) => {
    const { id } = request.params
    const after = request.headers['last-event-id'] ?? request.query.after ?? null
    const principal = principalOf(request)
    if (chooseMedia(request, reply, EVENT_MEDIA) !== 'text/event-stream') {
      const events = await databases.eventsOf(principal, id, { isFresh: wantsFresh(request) })
      return { items: eventsAfter(events, after).map(toJson), nextCursor: null }
    }
    const signal = hangUp(request, reply)
    const changes = databases.follow(principal, id, signal, { lastEventId: after })[Symbol.asyncIterator]()
    const first = await changes.next() // Refuses with a problem, before the stream has begun.
    reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').type('text/event-stream')
    const drop = (): void => {
      metrics.dropped()
      request.log.info({ databaseId: id }, 'a live stream is cut off, for nobody reads it')
      reply.raw.destroy()
    }
    const sent = new AbortController()
    metrics.opened()
    reply.raw.once('close', () => {
      metrics.closed()
      sent.abort()
    })
    const live = liveEvents({ first, changes, after, clock, signal, toJson })
    // One message ahead of the socket, and no more.
    const messages = Readable.from(dropSlowReader(live, clock, drop), { highWaterMark: 1 })
    messages.once('end', () => { void dropSlowTail(sent.signal, clock, drop) })
    return messages
  })

  app.get('/v1/databases/:id/operations', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'listOperations',
      tags: ['events'],
      summary: 'List the operations of a database',
      description: 'Read from the events of its stack, so that they are there for as long as AWS remembers it.',
      params: DatabaseParams,
      response: {
        200: { description: 'Newest first.', content: asJson(OperationListSchema, operationsExample) },
        ...problemResponses(['invalid-request', 'not-found'])
      }
    }
  }, async request => {
    const items = await databases.operationsOf(principalOf(request), request.params.id, { isFresh: wantsFresh(request) })
    return { items, nextCursor: null }
  })
}

function toJson ({ token, ...event }: StackEvent) {
  return { ...event, operationId: token }
}
