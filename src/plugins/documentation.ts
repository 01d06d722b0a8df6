import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'

import type { Catalog } from '../templates/catalog.js'
import { parametersSchema } from '../templates/schema.js'

const TITLE = 'Aurora Databases API'

const description = `Gives each client an Aurora Serverless PostgreSQL database of its own, in the region its data must stay in.

A database is one CloudFormation stack. \`POST /v1/databases\` launches it, \`GET /v1/databases/{id}/events\` follows it live,
\`/outputs\` and \`/connection\` say where it is, and \`/query\` sends it SQL without a connection.

Errors are \`application/problem+json\`; \`/problems/{code}\` explains each. Every answer carries \`x-request-id\`.`

const tags = [
  { name: 'databases', description: 'Create, list, read and delete databases.' },
  { name: 'changes', description: 'Change living databases, after a look at what would happen.' },
  { name: 'recovery', description: 'Ways out for databases that are stuck.' },
  { name: 'snapshots', description: 'Copies of databases, and the way back for deleted ones.' },
  { name: 'orphans', description: 'What is left over, for operators.' },
  { name: 'events', description: 'What CloudFormation does, as a list and live.' },
  { name: 'connections', description: 'How to connect.' },
  { name: 'queries', description: 'SQL over HTTP, through the RDS Data API.' },
  { name: 'data-api', description: 'The RDS Data API as it is, for clients that speak it.' },
  { name: 'compute', description: 'Databases that pause, and how to wake them.' },
  { name: 'regions', description: 'Where databases can be.' },
  { name: 'templates', description: 'What databases there are to choose from.' },
  { name: 'service', description: 'Whether the service is well, and what its problems mean.' }
]

interface OpenApi { components?: { schemas?: Record<string, unknown> } }

/** Must come before the routes: it collects them. */
export async function registerDocumentation (app: FastifyInstance, version: string, catalog: Catalog): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: TITLE, version, description, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'This service' }],
      tags,
      security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key of this service.' } } }
    },
    refResolver: { buildLocalReference: json => String(json.$id) },
    transformObject: document => {
      if ('swaggerObject' in document) return document.swaggerObject
      describeParameters(document.openapiObject as OpenApi, catalog)
      return document.openapiObject
    }
  })
}

/** Must come after the routes. `/docs` for people, `/openapi.json` and `/openapi.yaml` for generators of clients. */
export async function registerDocumentationRoutes (app: FastifyInstance): Promise<void> {
  const open = { config: { access: 'open' as const }, schema: { hide: true } }
  app.get('/openapi.json', open, async () => app.swagger())
  app.get('/openapi.yaml', open, async (_request, reply) => await reply.type('application/yaml').send(toYaml(app)))
  await app.register(async docs => {
    docs.addHook('onRoute', route => { route.config = { ...route.config, access: 'open' } })
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      theme: { title: TITLE },
      // Without the bar on which another document could be chosen: there is this one.
      uiConfig: { layout: 'BaseLayout', persistAuthorization: true, tryItOutEnabled: true, docExpansion: 'list' }
    })
  })
}

/** The OpenAPI document as it is committed in `openapi/openapi.yaml`. */
export function toYaml (app: FastifyInstance): string {
  return stringify(app.swagger(), { lineWidth: 120, aliasDuplicateObjects: false })
}

/** Shows the parameters of each template in place of the open object that bodies are validated with. */
function describeParameters (document: OpenApi, catalog: Catalog): void {
  const schemas = (document.components ??= {}).schemas ??= {}
  for (const template of catalog.values()) schemas[schemaName(template.name)] = parametersSchema(template)
  const create = schemas.CreateDatabase as { properties: Record<string, unknown> } | undefined
  if (create) {
    create.properties.parameters = {
      description: 'Parameters of the template, by its own names. What is left out has the template\'s default.',
      anyOf: [...catalog.keys()].map(name => ({ $ref: `#/components/schemas/${schemaName(name)}` }))
    }
  }
}

/** `aurora-serverless-v2-postgres` → `AuroraServerlessV2PostgresParameters`. */
function schemaName (template: string): string {
  return template.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('') + 'Parameters'
}
