import { AwsError, type Operation } from '../../aws.js'
import { type JsonObject, isObject } from '../template/json.js'
import { isOwn, type ResourceHandler, type ResourceRequest, tagsOf, unless } from './handler.js'
import { identifierOf, retag } from './rds-input.js'
import type { RdsRoom } from './rooms.js'

/** One call takes at most this many parameters. */
const MOST_PARAMETERS = 20

/** `AWS::RDS::DBClusterParameterGroup` and `AWS::RDS::DBParameterGroup`, whose operations have the same members under the noun of each. */
export function createParameterGroupHandler (rds: RdsRoom, noun: 'DBClusterParameterGroup' | 'DBParameterGroup'): ResourceHandler {
  const operations = rds.operations as unknown as Readonly<Record<string, Operation<JsonObject, JsonObject> | undefined>>
  const property = `${noun}Name`

  const call = async (verb: string, { caller }: Pick<ResourceRequest, 'caller'>, input: object): Promise<JsonObject> =>
    await operations[verb]?.(input as JsonObject, caller) ?? {}

  const arnOf = async (name: string, request: ResourceRequest): Promise<string> => {
    const { [`${noun}s`]: groups } = await call(`Describe${noun}s`, request, { [property]: name })
    const [group] = Array.isArray(groups) ? groups : []
    return isObject(group) ? String(group[`${noun}Arn`]) : ''
  }

  const change = async (verb: 'Modify' | 'Reset', name: string, values: JsonObject, request: ResourceRequest): Promise<void> => {
    const parameters = Object.entries(values).map(([key, value]) =>
      ({ ParameterName: key, ApplyMethod: 'pending-reboot', ...(verb === 'Modify' ? { ParameterValue: String(value) } : {}) }))
    for (let at = 0; at < parameters.length; at += MOST_PARAMETERS) {
      await call(`${verb}${noun}`, request, { [property]: name, Parameters: parameters.slice(at, at + MOST_PARAMETERS) })
    }
  }

  return {
    create: async (request, initiated) => {
      const name = identifierOf(request, property, 255)
      const { Family: family, Description: description } = request.properties
      try {
        await call(`Create${noun}`, request, { [property]: name, DBParameterGroupFamily: String(family), Description: String(description), Tags: tagsOf(request) })
      } catch (error) {
        const isThere = error instanceof AwsError && error.code.startsWith('DBParameterGroupAlreadyExists')
        if (!isThere || !await isOurs(await arnOf(name, request), request)) throw error
      }
      initiated(name)
      await change('Modify', name, parametersIn(request.properties), request)
      return readyAttributes
    },
    update: async (request, physicalId, previous) => {
      const wanted = parametersIn(request.properties)
      const gone = Object.entries(parametersIn(previous)).filter(([key]) => !Object.hasOwn(wanted, key))
      await change('Reset', physicalId, Object.fromEntries(gone), request)
      await change('Modify', physicalId, wanted, request)
      await retag(rds, request, await arnOf(physicalId, request), request.caller)
      return readyAttributes
    },
    delete: async (request, physicalId) => {
      await unless(['DBParameterGroupNotFound', 'DBParameterGroupNotFoundFault'], async () =>
        await call(`Delete${noun}`, request, { [property]: physicalId }))
    }
  }

  async function isOurs (arn: string, request: ResourceRequest): Promise<boolean> {
    const { TagList: tags } = await rds.operations.ListTagsForResource({ ResourceName: arn }, request.caller)
    return isOwn(tags, request)
  }
}

const readyAttributes: JsonObject = {}

function parametersIn ({ Parameters: parameters }: JsonObject): JsonObject {
  return isObject(parameters) ? parameters : {}
}
