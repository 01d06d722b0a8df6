import type { ResourceType } from './specification.js'

/** By service, the types that `Fn::GetAtt` also asks for their properties (cfn-lint, `schema/_getatts.py`); of others it gives attributes only. */
const readable: Readonly<Record<string, string>> = {
  Amplify: 'Branch Domain',
  AppSync: 'DomainName FunctionConfiguration Resolver',
  AutoScaling: 'AutoScalingGroup',
  Backup: 'BackupSelection BackupVault LogicallyAirGappedBackupVault',
  CodeArtifact: 'Domain Repository',
  EC2: 'CapacityReservation Instance SecurityGroup Subnet VPC',
  EFS: 'MountTarget',
  EKS: 'Nodegroup',
  ElastiCache: 'ReplicationGroup',
  ElasticLoadBalancingV2: 'LoadBalancer',
  Events: 'EventBus',
  EventSchemas: 'Discoverer Registry Schema',
  GameLift: 'GameSessionQueue MatchmakingConfiguration MatchmakingRuleSet',
  Grafana: 'Workspace',
  Greengrass: 'ConnectorDefinition CoreDefinition DeviceDefinition FunctionDefinition Group LoggerDefinition ResourceDefinition SubscriptionDefinition',
  ImageBuilder: 'Component ContainerRecipe DistributionConfiguration ImagePipeline ImageRecipe InfrastructureConfiguration',
  ManagedBlockchain: 'Node',
  Neptune: 'DBCluster',
  RDS: 'DBInstance DBParameterGroup',
  RedshiftServerless: 'Workgroup',
  RoboMaker: 'RobotApplication SimulationApplication',
  Route53Resolver: 'ResolverRule ResolverRuleAssociation',
  S3: 'AccessPoint',
  SageMaker: 'DataQualityJobDefinition ModelBiasJobDefinition ModelExplainabilityJobDefinition ModelQualityJobDefinition MonitoringSchedule',
  SNS: 'Topic',
  SQS: 'Queue',
  SSM: 'Parameter',
  StepFunctions: 'Activity'
}

/** Whether `Fn::GetAtt` knows the attribute, which may be a path: `Endpoint.Address`. Passwords are never read back. */
export function hasAttribute ({ cloudFormationType, attributes, properties }: ResourceType, attribute: string): boolean {
  const [, service = '', kind = ''] = cloudFormationType.split('::')
  const [property = ''] = attribute.split('.')
  const isReadable = readable[service]?.split(' ').includes(kind) === true && Object.hasOwn(properties, property) && !property.endsWith('Password')
  return isReadable || Object.hasOwn(attributes, attribute)
}

/** Whether what runs outside of CloudFormation decides about the attribute: a custom resource, or a stack with its outputs. */
export function hasAnyAttribute (typeName: string, attribute: string): boolean {
  return typeName.startsWith('Custom::') || typeName === 'AWS::CloudFormation::CustomResource' ||
    (/^AWS::(CloudFormation::Stack|Serverless::Application)$/.test(typeName) && attribute.startsWith('Outputs.'))
}
