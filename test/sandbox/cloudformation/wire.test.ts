import { CloudFormationClient, CreateStackCommand, DeleteStackCommand, DescribeStackEventsCommand, DescribeStacksCommand, waitUntilStackCreateComplete, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation'
import { GetResourcePolicyCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import t from 'tap'
import { openSandbox } from '../../helpers/sandbox.js'

const body = `
Parameters:
  Cidr: { Type: String, Default: 10.0.0.0/16 }
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: !Ref Cidr }
  Secret:
    Type: AWS::SecretsManager::Secret
    DependsOn: Vpc
    Properties:
      GenerateSecretString: { SecretStringTemplate: '{"username":"postgres"}', GenerateStringKey: password, PasswordLength: 20, ExcludePunctuation: true }
  Policy:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties: { SecretId: !Ref Secret, ResourcePolicy: { Version: 2012-10-17, Statement: [{ Effect: Deny, Principal: '*', Action: 'secretsmanager:DeleteSecret', Resource: '*' }] } }
  Shown:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: !Sub '{{resolve:secretsmanager:\${Secret}:SecretString:password}}'
Outputs:
  SecretArn: { Value: !Ref Secret, Export: { Name: !Sub '\${AWS::StackName}-Secret' } }
`

t.test('a stack over the wire, through the SDK and its waiters, shows no secret', async t => {
  const sandbox = await openSandbox(t)
  const client = new CloudFormationClient(sandbox.clientConfig())
  const secrets = new SecretsManagerClient(sandbox.clientConfig())
  t.teardown(() => { client.destroy(); secrets.destroy() })
  const waiting = { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }
  const { StackId: id } = await client.send(new CreateStackCommand({ StackName: 'wired', TemplateBody: body, Tags: [{ Key: 'team', Value: 'payments' }] }))
  await waitUntilStackCreateComplete(waiting, { StackName: 'wired' })
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: 'wired' }))
  t.match(stack, { StackId: id, StackStatus: 'CREATE_COMPLETE', Tags: [{ Key: 'team', Value: 'payments' }], Outputs: [{ OutputKey: 'SecretArn', ExportName: 'wired-Secret' }] })
  const { SecretString: secret = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId: stack?.Outputs?.[0]?.OutputValue }))
  const { username, password } = JSON.parse(secret) as { username: string, password: string }
  t.match({ username, password }, { username: 'postgres', password: /^[a-zA-Z0-9]{20}$/ })
  const { StackEvents: events = [] } = await client.send(new DescribeStackEventsCommand({ StackName: 'wired' }))
  t.equal(events.length, 14)
  const policy = await secrets.send(new GetResourcePolicyCommand({ SecretId: stack?.Outputs?.[0]?.OutputValue }))
  t.match(policy, { ARN: events.find(event => event.LogicalResourceId === 'Policy')?.PhysicalResourceId, ResourcePolicy: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"}]}' })
  t.notMatch(JSON.stringify([events, sandbox.logged]), password)
  t.match(events.find(event => event.LogicalResourceId === 'Shown')?.ResourceProperties, '{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:000000000000:secret:')
  await client.send(new DeleteStackCommand({ StackName: 'wired' }))
  await waitUntilStackDeleteComplete(waiting, { StackName: id })
  await t.rejects(secrets.send(new GetSecretValueCommand({ SecretId: stack?.Outputs?.[0]?.OutputValue })), { name: 'ResourceNotFoundException' })
})
