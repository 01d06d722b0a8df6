import * as Sdk from '@aws-sdk/client-cloudformation'
import type { Caller, OperationsOf } from '../../aws.js'
import { type EngineContext, stackOf } from '../engine/context.js'
import { fixedParameters, planOf, templateOf } from '../engine/plan.js'
import { neededCapabilities } from '../template/capabilities.js'
import { checkReferences } from '../template/check.js'
import { dependencyGraph } from '../template/graph.js'
import { checkEnum, invalid } from '../template/errors.js'
import type { ParameterDefinition } from '../template/parameters.js'
import { parseTemplate, type Template } from '../template/template.js'
import type { ChangeSets } from './change-set-records.js'
import { bodyOf } from './definition.js'
import { requireStack } from './find-stack.js'

/** The operations about templates. */
export function createTemplateOperations (context: EngineContext, changeSets: ChangeSets) {
  const { records } = context

  const read = async (body: string, { region }: Caller): Promise<Template> => {
    const template = parseTemplate(body, fixedParameters({ id: '', name: '', region }))
    checkReferences(template, await context.specification())
    return template
  }

  const templateAskedFor = (input: Sdk.GetTemplateInput, caller: Caller): Template => {
    if (input.ChangeSetName === undefined) return planOf(context, requireStack(records, input.StackName, caller)).template
    const { stackId, definition, body } = changeSets.require(input, caller, 'StackName is a required parameter.')
    return templateOf(stackOf(context, stackId), definition, body)
  }

  return {
    ValidateTemplate: async (input, caller) => {
      const template = await read(bodyOf(input), caller)
      dependencyGraph(template.resources)
      return { ...described(template), Parameters: [...template.parameters].map(([key, parameter]) => toTemplateParameter(key, parameter)) }
    },

    GetTemplate: async (input, caller) => {
      checkEnum('templateStage', input.TemplateStage, Sdk.TemplateStage)
      const { body, processed } = templateAskedFor(input, caller)
      return { TemplateBody: input.TemplateStage === 'Original' ? body : processed, StagesAvailable: ['Original', 'Processed'] }
    },

    GetTemplateSummary: async (input, caller) => {
      if (input.StackName !== undefined && input.TemplateBody !== undefined) throw invalid('You must specify either StackName or TemplateBody, but not both.')
      const stack = input.StackName === undefined ? undefined : requireStack(records, input.StackName, caller)
      if (stack?.status === 'REVIEW_IN_PROGRESS') throw invalid('GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.')
      const template = stack ? planOf(context, stack).template : await read(bodyOf(input), caller)
      const specification = await context.specification()
      const types = new Map<string, string[]>()
      for (const [logicalId, { type }] of template.resources) types.set(type, [...types.get(type) ?? [], logicalId])
      return {
        ...described(template),
        Parameters: [...template.parameters].map(([key, parameter]) => ({
          ...toTemplateParameter(key, parameter),
          ParameterType: parameter.type,
          ParameterConstraints: parameter.allowedValues ? { AllowedValues: parameter.allowedValues } : {}
        })),
        ResourceTypes: [...types.keys()],
        ResourceIdentifierSummaries: [...types].map(([type, logicalIds]) => ({
          ResourceType: type,
          LogicalResourceIds: logicalIds,
          ResourceIdentifiers: specification.typeOf(type)?.primaryIdentifier ?? []
        })),
        Version: '2010-09-09',
        Metadata: template.metadata && JSON.stringify(template.metadata)
      }
    }
  } satisfies Partial<OperationsOf<typeof Sdk>>
}

function described (template: Template) {
  const { capabilities, reason } = neededCapabilities(template)
  return {
    Description: template.description,
    ...(capabilities.length === 0 ? {} : { Capabilities: capabilities as Sdk.Capability[] }),
    CapabilitiesReason: reason,
    ...(template.transforms.length === 0 ? {} : { DeclaredTransforms: template.transforms })
  }
}

function toTemplateParameter (key: string, parameter: ParameterDefinition): Sdk.TemplateParameter {
  return { ParameterKey: key, NoEcho: parameter.noEcho, DefaultValue: parameter.default, Description: parameter.description }
}
