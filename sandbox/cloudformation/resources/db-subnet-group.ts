import { AwsError } from '../../aws.js'
import type { JsonObject } from '../template/json.js'
import { isOwn, type ResourceHandler, type ResourceRequest, tagsOf, unless } from './handler.js'
import { changedProperties, identifierOf, inputOf, retag } from './rds-input.js'
import type { RdsRoom } from './rooms.js'

/** `AWS::RDS::DBSubnetGroup`. */
export function createSubnetGroupHandler (rds: RdsRoom): ResourceHandler {
  const { operations } = rds

  const attributesOf = async (name: string, { caller }: ResourceRequest): Promise<JsonObject> => {
    const { DBSubnetGroups: groups } = await operations.DescribeDBSubnetGroups({ DBSubnetGroupName: name }, caller)
    return { DBSubnetGroupArn: groups?.[0]?.DBSubnetGroupArn ?? '' }
  }

  const isOurs = async (name: string, request: ResourceRequest): Promise<boolean> => {
    const { DBSubnetGroupArn: arn } = await attributesOf(name, request)
    const { TagList: tags } = await operations.ListTagsForResource({ ResourceName: String(arn) }, request.caller)
    return isOwn(tags, request)
  }

  return {
    create: async (request, initiated) => {
      const name = identifierOf(request, 'DBSubnetGroupName', 255)
      try {
        await operations.CreateDBSubnetGroup(inputOf(request.properties, {}, { DBSubnetGroupName: name, Tags: tagsOf(request) }), request.caller)
      } catch (error) {
        const isThere = error instanceof AwsError && error.code.startsWith('DBSubnetGroupAlreadyExists')
        if (!isThere || !await isOurs(name, request)) throw error
      }
      initiated(name)
      return await attributesOf(name, request)
    },
    update: async (request, physicalId, previous) => {
      if (Object.keys(changedProperties(request, previous)).length > 0) {
        const { DBSubnetGroupDescription: description, SubnetIds: subnets } = request.properties
        await operations.ModifyDBSubnetGroup(inputOf({ DBSubnetGroupDescription: description ?? '', SubnetIds: subnets ?? [] }, {}, { DBSubnetGroupName: physicalId }), request.caller)
      }
      const attributes = await attributesOf(physicalId, request)
      await retag(rds, request, String(attributes.DBSubnetGroupArn), request.caller)
      return attributes
    },
    delete: async ({ caller }, physicalId) => {
      await unless(['DBSubnetGroupNotFoundFault'], async () => await operations.DeleteDBSubnetGroup({ DBSubnetGroupName: physicalId }, caller))
    }
  }
}
