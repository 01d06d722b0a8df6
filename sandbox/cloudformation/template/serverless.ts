import { type Json, type JsonObject, isObject } from './json.js'

const FUNCTION = 'AWS::Serverless::Function'
const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } }

/** For events of these types the API that the transform adds where a template has none of its own. */
const implicitApis: Readonly<Record<string, { property: string, name: string, resource: JsonObject }>> = {
  Api: { property: 'RestApiId', name: 'ServerlessRestApi', resource: { Type: 'AWS::ApiGateway::RestApi' } },
  HttpApi: { property: 'ApiId', name: 'ServerlessHttpApi', resource: { Type: 'AWS::ApiGatewayV2::Api' } }
}

/**
 * The resources and, beside them, those that templates refer to and `AWS::Serverless-2016-10-31` generates ("Generated
 * CloudFormation resources", AWS SAM Developer Guide): the roles and URLs of functions, and implicit APIs.
 */
export function withImpliedResources (resources: Json): Json {
  if (!isObject(resources)) return resources
  const functions = Object.entries(resources).flatMap(([name, resource]) =>
    isObject(resource) && resource.Type === FUNCTION ? [{ name, properties: membersOf(resource.Properties) }] : [])
  const roles = functions.filter(({ properties }) => properties.Role === undefined).map(({ name }) => [`${name}Role`, role] as const)
  const urls = functions.filter(({ properties }) => properties.FunctionUrlConfig !== undefined)
    .map(({ name }) => [`${name}Url`, urlOf(name)] as const)
  const apis = functions.flatMap(({ properties }) => Object.values(membersOf(properties.Events))).flatMap(event => {
    const { Type: type, Properties: properties = {} } = isObject(event) ? event : {}
    const api = implicitApis[String(type)]
    return api && !(isObject(properties) && api.property in properties) ? [[api.name, api.resource] as const] : []
  })
  return { ...Object.fromEntries([...roles, ...urls, ...apis]), ...resources }
}

function membersOf (value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

function urlOf (functionName: string): JsonObject {
  return { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'NONE', TargetFunctionArn: { Ref: functionName } } }
}
