import t from 'tap'
import type { Test } from 'tap'
import { AwsError } from '../../../sandbox/aws.js'
import type { RdsRoom, SecretsRoom } from '../../../sandbox/cloudformation/resources/handler.js'
import { allEvents, caller, eventsOf, type Lab, openLab, roomWith, statusOf } from './fixture.js'

type RdsOperations = RdsRoom['operations']

interface Rooms {
  rds?: Partial<RdsOperations>
  secrets?: Partial<SecretsRoom['operations']>
}

interface Launched {
  lab: Lab
  id: string
  outputs: Record<string, string>
}

async function launch (t: Test, template: object, rooms: Rooms = {}): Promise<Launched> {
  const lab = openLab({
    rds: roomWith<RdsRoom>(rooms.rds ?? {}, { whenSettled: async () => undefined }),
    secrets: roomWith<SecretsRoom>(rooms.secrets ?? {})
  })
  t.teardown(lab.close)
  const request = { StackName: 'stack', TemplateBody: JSON.stringify(template), Capabilities: ['CAPABILITY_IAM' as const] }
  const { StackId: id = '' } = await lab.operations.CreateStack(request, caller)
  await lab.whenIdle(id)
  const { Stacks: [stack] = [] } = await lab.operations.DescribeStacks({ StackName: id }, caller)
  return { lab, id, outputs: Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value])) }
}

const att = (logicalId: string, attribute: string): object => ({ Value: { 'Fn::GetAtt': [logicalId, attribute] } })
const ref = (logicalId: string): object => ({ Value: { Ref: logicalId } })

t.test('what a service would not take, or the sandbox does not do, is refused when its turn comes', async t => {
  const network = (Type: string, CidrBlock: string): object => ({ Type, Properties: { CidrBlock, ...(Type.endsWith('Subnet') ? { VpcId: 'vpc-0' } : {}) } })
  for (const [resource, reason] of [
    [network('AWS::EC2::VPC', '10.0.0.0/'), /^Resource handler returned message: "Value \(10.0.0.0\/\) for parameter cidrBlock is invalid. This is not a valid CIDR block. \(Service: EC2, Status Code: 400, /],
    [network('AWS::EC2::VPC', '10.0.0.0/8'), /"The CIDR '10.0.0.0\/8' is invalid. \(Service: EC2/],
    [network('AWS::EC2::Subnet', '10.0.0.0/30'), /"The CIDR '10.0.0.0\/30' is invalid. \(Service: EC2/],
    [{ Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 'x', GenerateSecretString: {} } }, /^Either GenerateSecretString or SecretString must have a value, but not both.$/],
    [{ Type: 'AWS::SecretsManager::Secret', Properties: { ReplicaRegions: [{ Region: 'eu-west-1' }] } }, /^The sandbox does not replicate secrets to other Regions.$/],
    [{ Type: 'Custom::Thing' }, /^Properties validation failed for resource A with message:\n#: required key \[ServiceToken\] not found$/]
  ] as const) {
    const { lab } = await launch(t, { Resources: { A: resource } })
    const failed = (await allEvents(lab, 'stack')).find(({ ResourceStatus: status }) => status === 'CREATE_FAILED')
    t.match(failed?.ResourceStatusReason, reason)
  }
})

t.test('types that are not run have ids and attributes of AWS\'s form', async t => {
  const { outputs } = await launch(t, {
    Resources: {
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16', EnableDnsSupport: 'true' } },
      Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' } } },
      Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'x' } },
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news', DisplayName: 'News' } },
      Queue: { Type: 'AWS::SQS::Queue' },
      Key: { Type: 'AWS::KMS::Key' },
      Custom: { Type: 'Custom::Thing', Version: '1.0', Properties: { ServiceToken: 'x', Whatever: [1] } },
      Meta: { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'x' } },
      Wait: { Type: 'AWS::CloudFormation::WaitCondition', CreationPolicy: { ResourceSignal: { Timeout: 'PT1S' } } },
      Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
      Waiting: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: { Ref: 'Handle' } } },
      Bucket: { Type: 'AWS::S3::Bucket' },
      Note: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 'x' } }
    },
    Outputs: {
      Signals: att('Wait', 'Data'),
      Ipv6: { Value: { 'Fn::Select': [1, { 'Fn::Cidr': [{ 'Fn::Select': [0, { 'Fn::GetAtt': ['Vpc', 'Ipv6CidrBlocks'] }] }, 2, 64] }] } },
      Handle: ref('Handle'),
      Waiting: ref('Waiting'),
      Bucket: ref('Bucket'),
      BucketArn: att('Bucket', 'Arn'),
      Note: ref('Note'),
      Vpc: ref('Vpc'),
      Subnet: ref('Subnet'),
      SubnetVpc: att('Subnet', 'VpcId'),
      Group: ref('Group'),
      GroupId: att('Group', 'GroupId'),
      Role: att('Role', 'Arn'),
      Topic: ref('Topic'),
      Queue: ref('Queue'),
      Key: ref('Key'),
      Custom: att('Custom', 'Anything'),
      TopicName: att('Topic', 'TopicName'),
      Display: att('Topic', 'DisplayName')
    }
  })
  t.match(outputs, {
    Vpc: /^vpc-[0-9a-f]{17}$/,
    Subnet: /^subnet-[0-9a-f]{17}$/,
    SubnetVpc: outputs.Vpc,
    Group: /^sg-[0-9a-f]{17}$/,
    GroupId: outputs.Group,
    Role: /^arn:aws:iam::000000000000:role\/stack-Role-[A-Z0-9]{12}$/,
    Topic: 'arn:aws:sns:us-east-1:000000000000:news',
    Queue: /^https:\/\/sqs\.us-east-1\.amazonaws\.com\/000000000000\/stack-Queue-/,
    Key: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    Custom: /./,
    Signals: '{}',
    Ipv6: '2001:db8:1234:1a01::/64',
    Handle: /^https:\/\/cloudformation-waitcondition-us-east-1\.s3\.us-east-1\.amazonaws\.com\/arn%3Aaws%3Acloudformation%3Aus-east-1%3A000000000000%3Astack\/stack\/[0-9a-f-]{36}\/Handle$/,
    Waiting: /^arn:aws:cloudformation:us-east-1:000000000000:stack\/stack\/[0-9a-f-]{36}\/Handle$/,
    Bucket: /^stack-bucket-[a-z0-9]{12}$/,
    BucketArn: `arn:aws:s3:::${outputs.Bucket ?? ''}`,
    Note: /^CFN-Note-[A-Z0-9]{12}$/,
    TopicName: 'news',
    Display: 'News'
  })
})

t.test('properties that a type does not have fail the resource, named as AWS names them', async t => {
  const { lab, id } = await launch(t, { Resources: { Subnet: { Type: 'AWS::EC2::Subnet', Properties: { Nope: 1, MapPublicIpOnLaunch: 'maybe', Ipv4NetmaskLength: '5', Tags: [{ Key: 'a', Val: 'b' }] } } } })
  t.ok((await eventsOf(lab, id)).includes('Subnet CREATE_FAILED Properties validation failed for resource Subnet with message:\n#: required key [VpcId] not found\n#: extraneous key [Nope] is not permitted\n#/MapPublicIpOnLaunch: expected type: Boolean, found: String\n#/Tags/0: extraneous key [Val] is not permitted'))
  t.equal(await statusOf(lab, id), 'ROLLBACK_COMPLETE')
  const nested = await launch(t, { Resources: { Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'https://x' } } } })
  t.match((await eventsOf(nested.lab, nested.id))[2], 'Inner CREATE_FAILED Nested stacks are not available in the sandbox')
})

t.test('a cluster gets what its API wants: types, lower case, tags, a resolved password that is shown nowhere', async t => {
  const inputs: object[] = []
  const { lab, id, outputs } = await launch(t, {
    Resources: {
      Cluster: {
        Type: 'AWS::RDS::DBCluster',
        DeletionPolicy: 'Snapshot',
        Properties: {
          DBClusterIdentifier: 'Dev-Cluster',
          Engine: 'aurora-postgresql',
          Port: '5432',
          EnableHttpEndpoint: 'true',
          DatabaseName: '',
          MasterUserPassword: '{{resolve:secretsmanager:Mahira:SecretString:password}}',
          ServerlessV2ScalingConfiguration: { MinCapacity: '0.5', MaxCapacity: '4' },
          Tags: [{ Key: 'team', Value: 'x' }]
        }
      }
    },
    Outputs: { Name: ref('Cluster'), Port: att('Cluster', 'Endpoint.Port') }
  }, {
    secrets: { GetSecretValue: async () => ({ SecretString: '{"password":"hunter22"}' }) },
    rds: {
      CreateDBCluster: async input => { inputs.push(input); return {} },
      DescribeDBClusters: async () => inputs.length < 2 ? { DBClusters: [{ Status: 'available', Port: 5432, Endpoint: 'host' }] } : { DBClusters: [] },
      DeleteDBCluster: async input => { inputs.push(input); return {} }
    }
  })
  t.match(inputs[0], {
    DBClusterIdentifier: 'dev-cluster',
    Port: 5432,
    EnableHttpEndpoint: true,
    DatabaseName: undefined,
    MasterUserPassword: 'hunter22',
    ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
    Tags: [{ Key: 'aws:cloudformation:stack-name', Value: 'stack' }, { Key: 'aws:cloudformation:logical-id', Value: 'Cluster' }, { Key: 'aws:cloudformation:stack-id', Value: id }, { Key: 'team', Value: 'x' }]
  })
  t.strictSame(outputs, { Name: 'dev-cluster', Port: '5432' })
  t.notMatch(JSON.stringify(await allEvents(lab, id)), 'hunter22')
  await lab.operations.DeleteStack({ StackName: id }, caller)
  await lab.whenIdle(id)
  t.match(inputs[1], { DBClusterIdentifier: 'dev-cluster', SkipFinalSnapshot: false, FinalDBSnapshotIdentifier: /^stack-snapshot-cluster-[a-z0-9]{12}$/ })
})

t.test('a clone is watched, and has its passwords and windows, by a change that follows its restore', async t => {
  const inputs: object[] = []
  const note = async (input: object): Promise<object> => { inputs.push(input); return {} }
  await launch(t, {
    Resources: {
      Clone: {
        Type: 'AWS::RDS::DBCluster',
        Properties: { DBClusterIdentifier: 'clone', SourceDbClusterResourceId: 'cluster-SOURCE', UseLatestRestorableTime: true, Port: 5432, PerformanceInsightsEnabled: true, PerformanceInsightsKmsKeyId: 'key', MonitoringInterval: 60, DatabaseInsightsMode: 'advanced' }
      }
    }
  }, { rds: { RestoreDBClusterToPointInTime: note, ModifyDBCluster: note, DescribeDBClusters: async () => ({ DBClusters: [{ Status: 'available' }] }) } })
  t.match(inputs, [
    { DBClusterIdentifier: 'clone', SourceDbClusterResourceId: 'cluster-SOURCE', Port: 5432, EnablePerformanceInsights: undefined, MonitoringInterval: undefined, DatabaseInsightsMode: undefined },
    { DBClusterIdentifier: 'clone', EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId: 'key', MonitoringInterval: 60, DatabaseInsightsMode: 'advanced' }
  ])
})

t.test('an instance and a group of parameters tell what their types let templates ask for, as texts', async t => {
  const { outputs } = await launch(t, {
    Resources: {
      Writer: { Type: 'AWS::RDS::DBInstance', Properties: { DBInstanceClass: 'db.serverless', Engine: 'aurora-postgresql' } },
      Group: { Type: 'AWS::RDS::DBParameterGroup', Properties: { Family: 'aurora-postgresql17', Description: 'x' } }
    },
    Outputs: { Authority: att('Writer', 'CertificateDetails.CAIdentifier'), Since: att('Writer', 'InstanceCreateTime'), Name: att('Group', 'DBParameterGroupName'), Arn: att('Group', 'DBParameterGroupArn') }
  }, {
    rds: {
      CreateDBInstance: async () => ({}),
      DescribeDBInstances: async () => ({ DBInstances: [{ DBInstanceStatus: 'available', InstanceCreateTime: new Date(0), CertificateDetails: { CAIdentifier: 'rds-ca-rsa2048-g1' } }] }),
      CreateDBParameterGroup: async () => ({}),
      DescribeDBParameterGroups: async ({ DBParameterGroupName: name }) => ({ DBParameterGroups: [{ DBParameterGroupName: name, DBParameterGroupArn: 'arn:group' }] })
    }
  })
  t.match(outputs, { Authority: 'rds-ca-rsa2048-g1', Since: '1970-01-01T00:00:00.000Z', Name: /^stack-group-/, Arn: 'arn:group' })
})

t.test('a cluster has the roles that its template gives it, and keeps those from elsewhere', async t => {
  const calls: object[] = []
  let roles = [{ RoleArn: 'by-hand' }]
  const template = (...given: string[]): object => ({ Resources: { Cluster: { Type: 'AWS::RDS::DBCluster', Properties: { Engine: 'aurora-postgresql', ...(given.length > 0 ? { AssociatedRoles: given.map(RoleArn => ({ RoleArn, FeatureName: 's3Import' })) } : {}) } } } })
  const { lab, id } = await launch(t, template('old'), {
    rds: {
      CreateDBCluster: async () => ({}),
      DescribeDBClusters: async () => ({ DBClusters: [{ Status: 'available', AssociatedRoles: roles }] }),
      AddRoleToDBCluster: async ({ RoleArn, FeatureName }) => { calls.push({ RoleArn, FeatureName }); roles = [...roles, { RoleArn: RoleArn ?? '' }]; return {} },
      RemoveRoleFromDBCluster: async input => {
        calls.push(input)
        roles = roles.filter(({ RoleArn }) => RoleArn !== input.RoleArn)
        return {}
      },
      ListTagsForResource: async () => ({}),
      AddTagsToResource: async () => ({})
    }
  })
  for (const given of [['old', 'new'], []]) {
    await lab.operations.UpdateStack({ StackName: id, TemplateBody: JSON.stringify(template(...given)) }, caller)
    await lab.whenIdle(id)
    t.equal(await statusOf(lab, id), 'UPDATE_COMPLETE')
  }
  t.match(calls, [{ RoleArn: 'old', FeatureName: 's3Import' }, { RoleArn: 'new' }, { RoleArn: 'old', DBClusterIdentifier: /^stack-cluster-/ }, { RoleArn: 'new' }])
  t.strictSame(roles, [{ RoleArn: 'by-hand' }])
})

t.test('an update switches logs on and off, and a new version brings the group of its instances along', async t => {
  const changes: object[] = []
  const template = (logs: string[], version: string, group: string): object => ({
    Resources: { Cluster: { Type: 'AWS::RDS::DBCluster', Properties: { EnableCloudwatchLogsExports: logs, EngineVersion: version, DBInstanceParameterGroupName: group } } }
  })
  const { lab, id } = await launch(t, template(['instance'], '16.8', 'first'), {
    rds: {
      CreateDBCluster: async () => ({}),
      DescribeDBClusters: async () => ({ DBClusters: [{ Status: 'available', TagList: [] }] }),
      ModifyDBCluster: async input => { changes.push(input); return {} },
      AddTagsToResource: async () => ({})
    }
  })
  for (const next of [template(['postgresql'], '16.8', 'second'), template([], '17.7', 'second')]) {
    await lab.operations.UpdateStack({ StackName: id, TemplateBody: JSON.stringify(next) }, caller)
    await lab.whenIdle(id)
  }
  const common = { DBClusterIdentifier: /^stack-cluster-/, ApplyImmediately: true }
  t.match(changes, [
    { ...common, DBInstanceParameterGroupName: undefined, CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql'], DisableLogTypes: ['instance'] } },
    { ...common, EngineVersion: '17.7', AllowMajorVersionUpgrade: true, DBInstanceParameterGroupName: 'second', CloudwatchLogsExportConfiguration: { EnableLogTypes: [], DisableLogTypes: ['postgresql'] } }
  ])
})

t.test('what a service refuses is told as a resource handler tells it', async t => {
  const cluster = { Resources: { Cluster: { Type: 'AWS::RDS::DBCluster', Properties: { MasterUserPassword: '{{resolve:secretsmanager:Mahira:SecretString:nope}}' } } } }
  const refused = await launch(t, { Resources: { Cluster: { Type: 'AWS::RDS::DBCluster' } } }, {
    rds: { CreateDBCluster: async () => { throw new AwsError('InvalidParameterValue', 'The engine mode serverless you requested is currently unavailable.') } }
  })
  t.match((await eventsOf(refused.lab, refused.id))[2],
    /^Cluster CREATE_FAILED Resource handler returned message: "The engine mode serverless you requested is currently unavailable\. \(Service: Rds, Status Code: 400, Request ID: [0-9a-f-]{36}\)" \(RequestToken: [0-9a-f-]{36}, HandlerErrorCode: InvalidRequest\)$/)
  const restored = await launch(t, { Resources: { Copy: { Type: 'AWS::RDS::DBInstance', Properties: { DBSnapshotIdentifier: 'monday' } } } })
  t.match((await eventsOf(restored.lab, restored.id))[2], 'Copy CREATE_FAILED Resource handler returned message: "The sandbox does not implement DBSnapshotIdentifier: leave it out. (')
  const absent = await launch(t, cluster, { secrets: { GetSecretValue: async () => { throw new AwsError('ResourceNotFoundException', 'Secrets Manager can\'t find the specified secret.') } } })
  t.match((await eventsOf(absent.lab, absent.id))[2], 'Cluster CREATE_FAILED Secrets Manager can\'t find the specified secret. (Service: AWSSecretsManager; Status Code: 400; Error Code: ResourceNotFoundException;')
  const keyless = await launch(t, cluster, { secrets: { GetSecretValue: async () => ({ SecretString: '{"password":"hunter22"}' }) } })
  t.equal((await eventsOf(keyless.lab, keyless.id))[2], 'Cluster CREATE_FAILED Could not find a value associated with JSONKey in SecretString')
  const plain = await launch(t, cluster, { secrets: { GetSecretValue: async () => ({ SecretString: 'hunter22' }) } })
  t.equal((await eventsOf(plain.lab, plain.id))[2], 'Cluster CREATE_FAILED Could not parse SecretString JSON')
  const labelled = await launch(t, { Resources: { A: { Type: 'AWS::SNS::Topic', Properties: { TopicName: '{{resolve:ssm:/x:prod}}' } } } })
  t.equal((await eventsOf(labelled.lab, labelled.id))[2], 'A CREATE_FAILED Incorrect format is used in the following SSM reference: [{{resolve:ssm:/x:prod}}]')
})

t.test('a database of another stack is not taken for one\'s own', async t => {
  const rds: Partial<RdsOperations> = {
    CreateDBCluster: async () => { throw new AwsError('DBClusterAlreadyExistsFault', 'DB Cluster already exists') },
    DescribeDBClusters: async () => ({ DBClusters: [{ Status: 'available', TagList: [{ Key: 'aws:cloudformation:stack-id', Value: 'another' }] }] })
  }
  const { lab, id } = await launch(t, { Resources: { Cluster: { Type: 'AWS::RDS::DBCluster', Properties: { DBClusterIdentifier: 'taken' } } } }, { rds })
  t.match((await eventsOf(lab, id))[2], /^Cluster CREATE_FAILED .*"DB Cluster already exists \(Service: Rds.*HandlerErrorCode: AlreadyExists\)$/)
  t.notOk((await eventsOf(lab, id)).includes('Cluster DELETE_IN_PROGRESS'), 'and not deleted either')
})

for (const noun of ['DBClusterParameterGroup', 'DBParameterGroup']) {
  t.test(`a ${noun} is made with its parameters, and those that its template no longer has are reset`, async t => {
    const calls: Array<[string, object]> = []
    const noted = (name: string, answer: object = {}) => [name, async (input: object) => {
      calls.push([name, input])
      return answer
    }] as const
    const rds = Object.fromEntries([noted(`Create${noun}`), noted(`Modify${noun}`), noted(`Reset${noun}`), noted(`Delete${noun}`),
      noted(`Describe${noun}s`, { [`${noun}s`]: [{ [`${noun}Arn`]: 'arn:group' }] }), noted('ListTagsForResource', { TagList: [] }), noted('AddTagsToResource')])
    const template = (parameters: object) => ({ Resources: { Group: { Type: `AWS::RDS::${noun}`, Properties: { [`${noun}Name`]: 'Mine', Family: 'aurora-postgresql17', Description: 'x', Parameters: parameters } } } })
    const { lab, id } = await launch(t, template({ log_statement: 'ddl', work_mem: 4096 }), { rds })
    t.strictSame(calls.map(([name]) => name).filter(name => !name.startsWith('Describe')), [`Create${noun}`, `Modify${noun}`])
    t.match(calls[0]?.[1], { [`${noun}Name`]: 'mine', DBParameterGroupFamily: 'aurora-postgresql17' })
    t.match(calls[1]?.[1], { Parameters: [{ ParameterName: 'log_statement', ParameterValue: 'ddl' }, { ParameterName: 'work_mem', ParameterValue: '4096' }] })
    await lab.operations.UpdateStack({ StackName: id, TemplateBody: JSON.stringify(template({ work_mem: 8192 })) }, caller)
    await lab.whenIdle(id)
    t.match(calls.filter(([name]) => /^(Reset|Modify)/.test(name)).slice(1), [
      [`Reset${noun}`, { Parameters: [{ ParameterName: 'log_statement' }] }],
      [`Modify${noun}`, { Parameters: [{ ParameterName: 'work_mem', ParameterValue: '8192' }] }]
    ])
    await lab.operations.DeleteStack({ StackName: id }, caller)
    await lab.whenIdle(id)
    t.match(calls.at(-1), [`Delete${noun}`, { [`${noun}Name`]: 'mine' }])
  })
}
