import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { RouteOptions } from 'fastify'
import t from 'tap'
import { parse } from 'yaml'

import { buildUnwiredApp, generateOpenApi } from '../../src/openapi.js'
import { collectRoutes } from '../helpers/routes.js'
import { ROOT } from '../helpers/source-tree.js'

type Content = Record<string, { schema?: object, examples?: Record<string, { value: unknown }> }>
interface Described { description?: string }
interface Operation extends Described {
  operationId?: string
  summary?: string
  security?: unknown[]
  parameters?: Array<Described & { name: string }>
  requestBody?: { content: Content }
  responses: Record<string, Described & { content?: Content, headers?: Record<string, Described> }>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { examples?: unknown[] }> }
}

/** Everything that api.md lists as open, and nothing else. */
const open = /^\/(healthz|readyz|openapi\.json|openapi\.yaml|docs(\/.*)?|problems\/:code)$/

/** Routes that the document does not describe: itself, and the pages that show it. */
const undocumented = /^\/(openapi\.json|openapi\.yaml|docs(\/.*)?)$/

const generated = await generateOpenApi()
const document = parse(generated) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ title: `${method.toUpperCase()} ${path}`, operation })))

t.test('the committed document is what the routes amount to', async t => {
  t.equal(readFileSync(join(ROOT, 'openapi/openapi.yaml'), 'utf8'), generated, '`npm run openapi` writes it')
})

t.test('every operation can be called from a generated client, and says how it can fail', async t => {
  t.ok(operations.length >= 12)
  const ids = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length, 'no two have the same operationId')
  for (const { title, operation: { operationId, summary, responses, security } } of operations) {
    t.match(operationId, /^[a-z]+[A-Za-z]+$/, `${title} has an operationId`)
    t.ok(summary, `${title} has a summary`)
    const failures = Object.keys(responses).filter(status => /^[45]/.test(status))
    t.ok(failures.length > 0, `${title} has error responses`)
    if (!security) for (const status of ['401', '403']) t.ok(failures.includes(status), `${title} can answer ${status}`)
    // The mirror of the Data API answers AWS's own errors besides.
    const other = /\/data-api\//.test(title) ? ['application/json'] : []
    for (const status of failures) t.strictSame(Object.keys(responses[status]?.content ?? {}).filter(type => !other.includes(type)), ['application/problem+json'], `${title} ${status} is a problem`)
  }
})

t.test('whatever can be asked for, sent or read is described', async t => {
  for (const { title, operation: { description, parameters = [], responses } } of operations) {
    t.ok(description, title)
    for (const parameter of parameters) t.ok(parameter.description, `${parameter.name} of ${title}`)
    for (const [status, response] of Object.entries(responses)) {
      t.ok(response.description, `${status} of ${title}`)
      for (const [header, { description }] of Object.entries(response.headers ?? {})) t.ok(description, `${header} of ${title}`)
    }
  }
})

t.test('every example is what its schema describes', async t => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema({ $id: 'openapi', ...document })
  const check = (title: string, schema: object, value: unknown): void => {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object
    t.ok(ajv.validate(absolute, value), title, { errors: ajv.errors })
  }
  for (const { title, operation: { responses, requestBody } } of operations) {
    for (const [status, { content }] of [...Object.entries(responses), ['body', requestBody ?? {}] as const]) {
      for (const { schema = {}, examples = {} } of Object.values(content ?? {})) {
        for (const [name, { value }] of Object.entries(examples)) check(`${title} ${status} ${name}`, schema, value)
      }
    }
  }
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    for (const value of schema.examples ?? []) check(name, schema, value)
  }
  t.notOk(ajv.validate({ $ref: 'openapi#/components/schemas/Database' }, { id: 'no id' }), 'what is not a database is seen')
})

t.test('every successful answer in JSON has an example', async t => {
  const without = operations.flatMap(({ title, operation: { responses } }) => Object.entries(responses)
    .filter(([status, { content }]) => status.startsWith('2') && content?.['application/json'] && !content['application/json'].examples)
    .map(([status]) => `${title} ${status}`))
  t.strictSame(without, [])
})

t.test('the routes', async t => {
  const { app, routes } = await collectRoutes(buildUnwiredApp)
  t.teardown(async () => { await app.close() })
  const methodsOf = ({ method }: RouteOptions): string[] => [method].flat().filter(each => each !== 'HEAD')

  t.test('each is in the document, or left out on purpose', async t => {
    const missing = routes.filter(({ url }) => !undocumented.test(url)).flatMap(route => methodsOf(route)
      .filter(method => !document.paths[route.url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()])
      .map(method => `${method} ${route.url}`))
    t.strictSame(missing, [])
  })

  t.test('each says who may use it', async t => {
    t.strictSame(routes.filter(({ config }) => config?.access === undefined).map(({ url }) => url), [])
    t.strictSame(routes.filter(({ config, url }) => (config?.access === 'open') !== open.test(url)).map(({ url }) => url), [])
  })

  t.test('each that is not open refuses whoever has no key, before it looks at the request', async t => {
    const closed = routes.filter(({ url }) => !open.test(url))
    t.ok(closed.length >= 10)
    for (const route of closed) {
      for (const method of methodsOf(route)) {
        const url = route.url.replace(/:\w+/g, 'x')
        for (const headers of [{}, { authorization: 'Bearer unknown' }]) {
          const response = await app.inject({ method: method as 'GET', url, headers, payload: method === 'POST' ? '{' : '' })
          t.match(response, { statusCode: 401, headers: { 'content-type': /^application\/problem\+json/, 'www-authenticate': 'Bearer' } }, `${method} ${url}`)
          t.match(response.json(), { code: 'unauthorized', status: 401 })
        }
      }
    }
  })
})
