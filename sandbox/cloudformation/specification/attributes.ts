import { isCustom, type ResourceType } from './specification.js'

/** Types of AWS that `Fn::GetAtt` also asks for their properties (cfn-lint, `schema/_getatts.py`); of others it gives attributes only. */
const readable = new Set(`
  Amplify::Branch Amplify::Domain AppSync::DomainName AppSync::FunctionConfiguration AppSync::Resolver
  AutoScaling::AutoScalingGroup Backup::BackupSelection Backup::BackupVault Backup::LogicallyAirGappedBackupVault
  CodeArtifact::Domain CodeArtifact::Repository EC2::CapacityReservation EC2::Instance EC2::SecurityGroup EC2::Subnet EC2::VPC
  EFS::MountTarget EKS::Nodegroup ElastiCache::ReplicationGroup ElasticLoadBalancingV2::LoadBalancer Events::EventBus
  EventSchemas::Discoverer EventSchemas::Registry EventSchemas::Schema GameLift::GameSessionQueue
  GameLift::MatchmakingConfiguration GameLift::MatchmakingRuleSet Grafana::Workspace Greengrass::ConnectorDefinition
  Greengrass::CoreDefinition Greengrass::DeviceDefinition Greengrass::FunctionDefinition Greengrass::Group
  Greengrass::LoggerDefinition Greengrass::ResourceDefinition Greengrass::SubscriptionDefinition ImageBuilder::Component
  ImageBuilder::ContainerRecipe ImageBuilder::DistributionConfiguration ImageBuilder::ImagePipeline ImageBuilder::ImageRecipe
  ImageBuilder::InfrastructureConfiguration ManagedBlockchain::Node Neptune::DBCluster RDS::DBInstance RDS::DBParameterGroup
  RedshiftServerless::Workgroup RoboMaker::RobotApplication RoboMaker::SimulationApplication Route53Resolver::ResolverRule
  Route53Resolver::ResolverRuleAssociation S3::AccessPoint SageMaker::DataQualityJobDefinition SageMaker::ModelBiasJobDefinition
  SageMaker::ModelExplainabilityJobDefinition SageMaker::ModelQualityJobDefinition SageMaker::MonitoringSchedule SNS::Topic
  SQS::Queue SSM::Parameter StepFunctions::Activity
`.split(/\s+/))

/** Whether `Fn::GetAtt` knows the attribute, which may be a path: `Endpoint.Address`. Passwords are never read back. */
export function hasAttribute ({ cloudFormationType, attributes, properties }: ResourceType, attribute: string): boolean {
  const [property = ''] = attribute.split('.')
  const isReadable = readable.has(cloudFormationType.replace('AWS::', '')) && Object.hasOwn(properties, property) && !property.endsWith('Password')
  return isReadable || Object.hasOwn(attributes, attribute)
}

/** Whether what runs outside of CloudFormation decides about the attribute: a custom resource, or a stack with its outputs. */
export function hasAnyAttribute (typeName: string, attribute: string): boolean {
  const isStack = /^AWS::(CloudFormation::Stack|Serverless::Application|ServiceCatalog::CloudFormationProvisionedProduct)$/.test(typeName)
  return isCustom(typeName) || (isStack && attribute.startsWith('Outputs.'))
}
