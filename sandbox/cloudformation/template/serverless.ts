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
    isObject(resource) && resource.Type === FUNCTION ? [{ name, properties: isObject(resource.Properties) ? resource.Properties : {} }] : [])
  const roles = functions.filter(({ properties }) => properties.Role === undefined).map(({ name }) => [`${name}Role`, role] as const)
  const urls = functions.filter(({ properties }) => properties.FunctionUrlConfig !== undefined).map(({ name }) => [`${name}Url`, { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'NONE', TargetFunctionArn: { Ref: name } } }] as const)
  const apis = functions.flatMap(({ properties }) => Object.values(isObject(properties.Events) ? properties.Events : {})).flatMap(event => {
    const { Type: type, Properties: properties = {} } = isObject(event) ? event : {}
    const api = implicitApis[String(type)]
    return api && !(isObject(properties) && api.property in properties) ? [[api.name, api.resource] as const] : []
  })
  return { ...Object.fromEntries([...roles, ...urls, ...apis]), ...resources }
}
