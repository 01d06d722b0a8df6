import { AwsError } from '../../aws.js'
import { type JsonObject, isObject } from '../template/json.js'
import { isOwn, type ResourceHandler, type ResourceRequest, tagsOf, unless } from './handler.js'
import { identifierOf, retag } from './rds-input.js'
import { offered, type RdsRoom } from './rooms.js'

/** ModifyDBClusterParameterGroup takes at most this many parameters. */
const MOST_PARAMETERS = 20

/** `AWS::RDS::DBClusterParameterGroup`. */
export function createClusterParameterGroupHandler (rds: RdsRoom): ResourceHandler {
  const arnOf = async (name: string, { caller }: ResourceRequest): Promise<string> => {
    const { DBClusterParameterGroups: groups } = await offered(rds, 'DescribeDBClusterParameterGroups')({ DBClusterParameterGroupName: name }, caller)
    return groups?.[0]?.DBClusterParameterGroupArn ?? ''
  }

  const setParameters = async (name: string, { caller, properties }: ResourceRequest): Promise<void> => {
    const parameters = Object.entries(isObject(properties.Parameters) ? properties.Parameters : {}).map(([key, value]) =>
      ({ ParameterName: key, ParameterValue: String(value), ApplyMethod: 'pending-reboot' as const }))
    for (let at = 0; at < parameters.length; at += MOST_PARAMETERS) {
      await offered(rds, 'ModifyDBClusterParameterGroup')({ DBClusterParameterGroupName: name, Parameters: parameters.slice(at, at + MOST_PARAMETERS) }, caller)
    }
  }

  return {
    create: async (request, initiated) => {
      const name = identifierOf(request, 'DBClusterParameterGroupName', 255)
      const { Family: family, Description: description } = request.properties
      try {
        await offered(rds, 'CreateDBClusterParameterGroup')({
          DBClusterParameterGroupName: name,
          DBParameterGroupFamily: String(family),
          Description: String(description),
          Tags: tagsOf(request)
        }, request.caller)
      } catch (error) {
        const isThere = error instanceof AwsError && error.code.startsWith('DBParameterGroupAlreadyExists')
        if (!isThere || !await isOurs(await arnOf(name, request), request)) throw error
      }
      initiated(name)
      await setParameters(name, request)
      return readyAttributes
    },
    update: async (request, physicalId) => {
      await setParameters(physicalId, request)
      await retag(rds, request, await arnOf(physicalId, request), request.caller)
      return readyAttributes
    },
    delete: async ({ caller }, physicalId) => {
      await unless(['DBParameterGroupNotFound', 'DBParameterGroupNotFoundFault'], async () =>
        await offered(rds, 'DeleteDBClusterParameterGroup')({ DBClusterParameterGroupName: physicalId }, caller))
    }
  }

  async function isOurs (arn: string, request: ResourceRequest): Promise<boolean> {
    const { TagList: tags } = await rds.operations.ListTagsForResource({ ResourceName: arn }, request.caller)
    return isOwn(tags, request)
  }
}

const readyAttributes: JsonObject = {}
