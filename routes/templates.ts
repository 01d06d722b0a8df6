import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'

import { Problem } from '../src/problems.js'
import type { Catalog } from '../src/templates/catalog.js'
import { callersParameters } from '../src/templates/parameters.js'
import { parametersSchema } from '../src/templates/schema.js'
import type { Template } from '../src/templates/template.js'
import { templateExample, templatesExample } from './examples.js'
import { chooseMedia } from './media.js'
import { asJson, Choice, problemResponses, refTo } from './schemas.js'

/** The same file under the names that people have for its type, after what they get who name none. */
const TEMPLATE_MEDIA = ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'] as const

const ParameterSchema = Type.Object({
  name: Type.String(),
  type: Choice(['string', 'number', 'boolean']),
  description: Type.String(),
  default: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  enum: Type.Optional(Type.Array(Type.String())),
  pattern: Type.Optional(Type.String()),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  changeable: Type.Boolean({ description: 'Whether it can be changed on a living database without replacing it.' })
})

const TemplateSchema = Type.Object({
  name: Type.String({ description: 'For the field `template` of a create.' }),
  title: Type.String(),
  description: Type.String(),
  isDefault: Type.Boolean({ description: 'Whether it is taken when a create names none.' }),
  parameters: Type.Array(ParameterSchema),
  outputs: Type.Array(Type.Object({ name: Type.String(), description: Type.String() }))
}, { $id: 'Template', description: 'A product: a CloudFormation template that can be chosen.' })

const TemplateListSchema = Type.Object({
  items: Type.Array(refTo(TemplateSchema)),
  nextCursor: Type.Null({ description: 'The templates are answered whole.' })
}, { $id: 'TemplateList', description: 'The templates that can be chosen.' })

/** The products. */
export function registerTemplateRoutes (instance: FastifyInstance, catalog: Catalog, defaultTemplate: string): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(TemplateSchema)
  instance.addSchema(TemplateListSchema)
  const show = (template: Template) => toJson(template, template.name === defaultTemplate)

  app.get('/v1/templates', {
    config: { access: 'any-key' },
    schema: {
      operationId: 'listTemplates',
      tags: ['templates'],
      summary: 'List the templates that can be chosen',
      description: 'Each is a product: a CloudFormation template, with its parameters, their types, defaults and limits.',
      response: {
        200: { description: 'The templates.', content: asJson(TemplateListSchema, templatesExample) },
        ...problemResponses([], { asksAws: false })
      }
    }
  }, async () => ({ items: [...catalog.values()].map(show), nextCursor: null }))

  app.get('/v1/templates/:name', {
    config: { access: 'any-key' },
    schema: {
      operationId: 'getTemplate',
      tags: ['templates'],
      summary: 'Read a template',
      description: 'With `Accept: application/yaml` the CloudFormation template itself, as it is launched.',
      params: Type.Object({ name: Type.String({ description: 'Name of the template.', examples: ['aurora-serverless-v2-postgres'] }) }),
      response: {
        200: {
          description: 'The template.',
          content: {
            'application/json': { schema: refTo(TemplateSchema), examples: templateExample },
            'application/yaml': { schema: Type.String({ description: 'The CloudFormation template.' }) }
          }
        },
        ...problemResponses(['not-found'], { asksAws: false })
      }
    }
  }, async (request, reply) => {
    const template = catalog.get(request.params.name)
    if (!template) throw new Problem('not-found', `There is no template ${request.params.name}. There are ${[...catalog.keys()].join(', ')}.`)
    const media = chooseMedia(request, reply, TEMPLATE_MEDIA)
    if (media === undefined || media === 'application/json') return show(template)
    return await reply.type('application/yaml').send(template.body)
  })
}

function toJson (template: Template, isDefault: boolean): Static<typeof TemplateSchema> {
  const { name, title, description, outputs } = template
  const { properties = {} } = parametersSchema(template)
  const parameters = callersParameters(template).map(parameter => ({
    ...properties[parameter.name], name: parameter.name, changeable: parameter.isChangeable
  }))
  return {
    name,
    title,
    description,
    isDefault,
    parameters: parameters as Static<typeof ParameterSchema>[],
    outputs: outputs.map(({ name, description }) => ({ name, description }))
  }
}
