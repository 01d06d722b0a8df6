import { Capability, type Parameter, type Tag } from '@aws-sdk/client-cloudformation'
import type { EngineContext } from '../engine/context.js'
import { ssmValue } from '../engine/parameter-store.js'
import { type Facts, fixedParameters, makePlan, type Plan, templateOf } from '../engine/plan.js'
import type { Definition, TagRecord } from '../engine/records.js'
import { requireCapabilities } from '../template/capabilities.js'
import { checkReferences } from '../template/check.js'
import { checkEnum, invalid, unmet } from '../template/errors.js'
import { resolveParameters } from '../template/parameters.js'
import { parseTemplate, type Template, type Values } from '../template/template.js'

/** What CreateStack, UpdateStack and CreateChangeSet have in common. */
export interface DefinitionInput {
  TemplateBody?: string | undefined
  UsePreviousTemplate?: boolean | undefined
  Parameters?: Parameter[] | undefined
  Capabilities?: string[] | undefined
  Tags?: Tag[] | undefined
  NotificationARNs?: string[] | undefined
  RoleARN?: string | undefined
  ResourceTypes?: string[] | undefined
  /** For a change set: who reads the changes before they are made need not acknowledge that macros write part of them. */
  reviewed?: boolean
}

/** A definition that was found launchable. Its template is to be stored under `definition.template`. */
export interface Prepared {
  definition: Definition
  plan: Plan
}

/**
 * Reads and checks everything that can be wrong with a request before anything is launched. Throws ValidationError or
 * InsufficientCapabilitiesException. `previous` is the definition of a stack that is updated.
 */
export async function prepareDefinition (
  context: EngineContext,
  stack: Facts,
  input: DefinitionInput,
  previous?: Definition
): Promise<Prepared> {
  const { records } = context
  for (const capability of input.Capabilities ?? []) checkEnum('capabilities', capability, Capability)
  const body = bodyOf(input, previous && records.templates.get(previous.template))
  const template = parseTemplate(body, { ...fixedParameters(stack), ...givenValues(input, previous) })
  requireCapabilities(template, [...input.Capabilities ?? [], ...(input.reviewed ? ['CAPABILITY_AUTO_EXPAND'] : [])])
  const specification = await context.specification()
  checkReferences(template, specification)
  checkTypesAllowed(template, input.ResourceTypes ?? [])
  const parameters = resolveParameters(template.parameters, {
    given: input.Parameters ?? [],
    ssmValue: name => ssmValue(records, stack.region, name),
    previous: previous?.parameters
  })
  const definition: Definition = {
    template: context.newId(),
    description: template.description,
    parameters,
    tags: input.Tags === undefined && previous ? previous.tags : checkTags(input.Tags ?? []),
    // UpdateStack keeps them, a change set does not (LocalStack's recordings, `test_no_echo_parameter`).
    capabilities: input.Capabilities ?? (input.reviewed ? undefined : previous?.capabilities) ?? [],
    notificationArns: input.NotificationARNs ?? previous?.notificationArns ?? [],
    roleArn: input.RoleARN ?? previous?.roleArn
  }
  const lookup = (logicalId: string) => records.resources.get(stack.id, logicalId)
  const plan = makePlan(stack, templateOf(stack, definition, body), definition, records, lookup)
  checkReferences(template, specification, plan.isTrue)
  plan.check()
  return { definition, plan }
}

/** Parameters as they come, before it is known which there are. */
function givenValues ({ Parameters: given = [] }: DefinitionInput, previous?: Definition): Values {
  const before = new Map(previous?.parameters.map(({ key, value }) => [key, value]))
  return Object.fromEntries(given.map(({ ParameterKey: key = '', ParameterValue: value, UsePreviousValue: isKept }) =>
    [key, isKept ? before.get(key) : value]))
}

/** What the caller restricts a stack to: types, or `AWS::*`, `AWS::EC2::*`, `Custom::*`. Throws a ValidationError. */
function checkTypesAllowed ({ resources }: Template, allowed: readonly string[]): void {
  const isAllowed = (type: string): boolean => allowed.some(item => item.endsWith('::*') ? type.startsWith(item.slice(0, -1)) : item === type)
  const refused = [...resources.values()].find(({ type }) => allowed.length > 0 && !isAllowed(type))
  if (refused) throw invalid(`Resource type ${refused.type} is not allowed by parameter ResourceTypes [${allowed.join(', ')}]`)
}

/** The template that a request gives or means. Throws a ValidationError when there is none, or more than one. */
export function bodyOf (input: DefinitionInput, previous?: string): string {
  const { TemplateBody: body, UsePreviousTemplate: usePrevious } = input
  if (usePrevious && previous !== undefined) {
    if (body !== undefined) throw invalid('You cannot specify both usePreviousTemplate and Template Body/Template URL.')
    return previous
  }
  if (body === undefined) throw invalid('Either Template URL or Template Body must be specified.')
  if (body === '') throw unmet('templateBody', '', 'have length greater than or equal to 1')
  return body
}

function checkTags (tags: readonly Tag[]): TagRecord[] {
  if (tags.length > 50) throw unmet('tags', '[…]', 'have length less than or equal to 50')
  const checked = tags.map(({ Key: key = '', Value: value = '' }) => ({ Key: key, Value: value }))
  for (const { Key: key, Value: value } of checked) {
    if (key.toLowerCase().startsWith('aws:')) throw invalid('Tag keys that start with "aws:" are reserved for use by AWS.')
    if (key.length < 1 || key.length > 128) throw unmet('tags.1.member.key', key, 'have length between 1 and 128')
    if (value.length > 256) throw unmet('tags.1.member.value', value, 'have length less than or equal to 256')
  }
  if (new Set(checked.map(({ Key: key }) => key)).size < checked.length) throw invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
  return checked
}
