import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import { regionsExample } from './examples.js'
import { asJson, Nullable, problemResponses, RegionAnswer } from './schemas.js'

const RegionListSchema = Type.Object({
  items: Type.Array(Type.Object({
    region: Type.String(),
    dataApi: Type.Boolean({ description: 'Whether SQL can be sent to databases there over HTTP.' }),
    databases: Nullable(Type.Integer({ description: 'How many the key sees there; null when nothing is known of the region.' })),
    ...RegionAnswer
  })),
  nextCursor: Type.Null({ description: 'The regions are answered whole.' })
}, { $id: 'RegionList', description: 'The regions that may be chosen.' })

/** The regions that may be chosen. */
export function registerRegionRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(RegionListSchema)

  app.get('/v1/regions', {
    config: { access: 'any-key' },
    schema: {
      operationId: 'listRegions',
      tags: ['regions'],
      summary: 'List the regions that may be chosen',
      description: 'Those that the service serves and the key may enter, with how fresh what is known of each is. AWS is not asked.',
      response: {
        200: { description: 'The regions that this key may use.', content: asJson(RegionListSchema, regionsExample) },
        ...problemResponses([])
      }
    }
  }, async request => ({ items: await databases.countPerRegion(principalOf(request)), nextCursor: null }))
}
