import { createHash } from 'node:crypto'
import { AwsError } from '../../aws.js'
import type { Clock } from '../../clock.js'
import type { PropertyType } from '../specification/specification.js'
import { parseBlock } from '../template/cidr.js'
import { type Json, type JsonObject, ownValue } from '../template/json.js'
import { generateName, type Pause, type ResourceHandler, type ResourceRequest } from './handler.js'

/** Prefixes of the ids that EC2 gives, by resource type or by the end of an attribute's name. */
const idPrefixes = new Map(`
  CustomerGateway:cgw DefaultNetworkAcl:acl DefaultSecurityGroup:sg DHCPOptions:dopt EgressOnlyInternetGateway:eigw EIP:eipalloc
  FlowLog:fl GroupId:sg Instance:i InternetGateway:igw LaunchTemplate:lt NatGateway:nat NetworkAcl:acl NetworkInterface:eni
  RouteTable:rtb SecurityGroup:sg SecurityGroupEgress:sgr SecurityGroupIngress:sgr Subnet:subnet
  SubnetRouteTableAssociation:rtbassoc TransitGateway:tgw Volume:vol VPC:vpc VPCEndpoint:vpce VpcId:vpc VPNGateway:vgw
`.trim().split(/\s+/).map(pair => pair.split(':') as [string, string]))

/** Stands for every type that the sandbox does not run: it has an id and attributes of the right form, and does nothing. */
export function createInertHandler (clock: Clock, pause: Pause): ResourceHandler {
  return {
    create: async (request, initiated) => {
      checkNetwork(request)
      initiated(identityOf(request))
      await clock.sleep(pause.resource)
      return attributesOf(request)
    },
    update: async request => {
      await clock.sleep(pause.resource)
      return attributesOf(request)
    },
    delete: async () => { await clock.sleep(pause.resource) }
  }
}

/** VPCs and subnets have blocks of 16 to 65,536 addresses ("Amazon VPC quotas"; EC2's own words for others). */
function checkNetwork ({ type, properties: { CidrBlock: block } }: ResourceRequest): void {
  const [, noun] = /^AWS::EC2::(Vpc|Subnet)$/i.exec(type.cloudFormationType) ?? []
  if (noun === undefined || typeof block !== 'string') return
  const { width, prefix = 0 } = parseBlock(block) ?? {}
  if (width !== 32) throw new AwsError('InvalidParameterValue', `Value (${block}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`)
  if (prefix < 16 || prefix > 28) throw new AwsError(`Invalid${noun}.Range`, `The CIDR '${block}' is invalid.`)
}

/** Ids of a form of their own (LocalStack's recordings, `test_cloudformation`, `test_change_sets`). */
const identities: Readonly<Record<string, (request: ResourceRequest) => string>> = {
  'AWS::CloudFormation::WaitCondition': ({ stackId, logicalId, properties: { Handle: handle } }) =>
    `${stackId}/${/([^/?]+)(\?.*)?$/.exec(typeof handle === 'string' ? handle : '')?.[1] ?? logicalId}`,
  'AWS::CloudFormation::WaitConditionHandle': ({ caller: { region }, stackId, logicalId }) =>
    `https://cloudformation-waitcondition-${region}.s3.${region}.amazonaws.com/${stackId.replaceAll(':', '%3A')}/${logicalId}`,
  'AWS::SSM::Parameter': ({ logicalId, nonce, properties: { Name: name } }) => typeof name === 'string' ? name : `CFN-${logicalId}-${nonce}`
}

function identityOf (request: ResourceRequest): string {
  const { cloudFormationType, primaryIdentifier = [], cfnRefIdentifier = primaryIdentifier } = request.type
  const own = ownValue(identities, cloudFormationType)
  if (own) return own(request)
  const parts = cfnRefIdentifier.map(part => String(ownValue(request.properties, part) ?? inventedId(request, part)))
  return parts.length === 0 ? nameOf(request, 128) : parts.join('|')
}

/** What is given no name is called so; buckets have no capitals. */
function nameOf (request: ResourceRequest, longest: number): string {
  const name = generateName(request, longest)
  return request.type.cloudFormationType.startsWith('AWS::S3::') ? name.toLowerCase() : name
}

function attributesOf (request: ResourceRequest): JsonObject {
  return Object.fromEntries(Object.entries(request.type.attributes).map(([name, { type }]) => {
    const given = ownValue(request.properties, name)
    return [name, given ?? (type.type === 'string' ? inventedId(request, name) : emptyValue(name, type))]
  }))
}

function inventedId (request: ResourceRequest, name: string): string {
  const { caller: { region, account }, type } = request
  const [, service = '', kind = ''] = type.cloudFormationType.split('::')
  const hex = createHash('sha256').update(`${request.nonce}/${service === 'EC2' ? '' : name}`).digest('hex')
  const prefix = service === 'EC2' || name === 'VpcId' ? idPrefixes.get(name) ?? idPrefixes.get(kind) : undefined
  if (name.endsWith('Arn')) return arnOf(request, hex)
  if (prefix && /(Id|Acl|SecurityGroup)$/.test(name)) return `${prefix}-0${hex.slice(0, 16)}`
  if (name === 'PublicIp') return `203.0.113.${Number.parseInt(hex.slice(0, 2), 16)}`
  if (name === 'QueueUrl') return `https://sqs.${region}.amazonaws.com/${account}/${generateName(request, 80)}`
  if (name === 'KeyId') return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  if (/(DNSName|DomainName|Address|Endpoint)$/.test(name)) return `${generateName(request, 63).toLowerCase()}.${region}.amazonaws.com`
  return nameOf(request, 64)
}

function arnOf (request: ResourceRequest, hex: string): string {
  const { caller: { region, account }, type } = request
  const [, service = '', kind = ''] = type.cloudFormationType.split('::')
  const template = type.arnTemplate ?? `arn:\${Partition}:${service.toLowerCase()}:\${Region}:\${Account}:${kind.toLowerCase()}/\${Id}`
  const given: Readonly<Record<string, string>> = { Partition: 'aws', Region: region, Account: account }
  return template.replaceAll(/\$\{(\w+)\}/g, (_whole, name: string) =>
    ownValue(given, name) ?? textProperty(request.properties, name) ?? (service === 'KMS' ? hex.slice(0, 32) : nameOf(request, 64)))
}

/** Templates of ARNs call a role's name `RoleNameWithPath` or the like; the property is `RoleName`. */
function textProperty (properties: JsonObject, name: string): string | undefined {
  const value = ownValue(properties, name.replace(/With(out)?\w+$/, ''))
  return typeof value === 'string' ? value : undefined
}

/** What an attribute has that is no text; networks that templates divide are of a block for documentation (RFC 3849). */
function emptyValue (name: string, type: PropertyType): Json {
  if (name === 'Ipv6CidrBlocks') return ['2001:db8:1234:1a00::/56']
  if (type.type === 'array') return []
  if (type.type === 'json') return '{}'
  if (type.type === 'boolean') return 'false'
  return type.type === 'integer' || type.type === 'number' ? '0' : {}
}
