import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import t from 'tap'

import { lackOf } from '../helpers/programs.js'
import { openSandbox, type TestSandbox } from '../helpers/sandbox.js'

const run = promisify(execFile)
const template = 'file://templates/aurora-serverless-postgres.yaml'

interface Programs {
  aws: (...words: string[]) => Promise<unknown>
  shell: (program: string, words: string[], env?: Record<string, string>) => Promise<string>
}

/** Programs of others, which know nothing of the sandbox but where it is. */
function programsAt (sandbox: TestSandbox): Programs {
  const { HOME = '', PATH = '' } = process.env
  const known = { HOME, PATH, AWS_ENDPOINT_URL: sandbox.url, AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any', AWS_PAGER: '', AWS_DEFAULT_OUTPUT: 'json' }
  const shell = async (program: string, words: string[], env = {}): Promise<string> =>
    (await run(program, words, { env: { ...known, ...env }, timeout: 60_000 })).stdout
  return {
    shell,
    aws: async (...words) => JSON.parse(await shell('aws', words) || 'null') as unknown
  }
}

const lack = lackOf('aws', 'psql')
if (lack !== null) t.comment(`SKIPPED: the AWS CLI was not tried, for this machine has ${lack}.`)

await t.test('the AWS CLI and psql do what the documentation shows, letter for letter', { skip: lack !== null }, async t => {
  const { aws, shell } = programsAt(await openSandbox(t))
  await aws('secretsmanager', 'create-secret', '--name', 'Mahira', '--secret-string', '{"username":"your_master_username","password":"your_secure_password"}')
  await aws('cloudformation', 'create-stack', '--stack-name', 'aurora-serverless-dev', '--template-body', template,
    '--parameters', 'ParameterKey=EnvironmentName,ParameterValue=dev', 'ParameterKey=DBMaster,ParameterValue=Mahira', 'ParameterKey=DatabaseName,ParameterValue=temporal',
    '--capabilities', 'CAPABILITY_IAM')
  await aws('cloudformation', 'wait', 'stack-create-complete', '--stack-name', 'aurora-serverless-dev')
  const outputs = await aws('cloudformation', 'describe-stacks', '--stack-name', 'aurora-serverless-dev', '--query', 'Stacks[0].Outputs') as Array<{ OutputKey: string, OutputValue: string }>
  const output = (key: string): string => outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue ?? ''
  t.match(Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])), {
    StackName: 'aurora-serverless-dev', ClusterName: 'dev-AuroraCluster', DBName: 'temporal', DBPort: /^\d+$/
  })

  const psql = async (password: string): Promise<string> =>
    await shell('psql', ['-h', output('DNSName'), '-p', output('DBPort'), '-U', 'your_master_username', '-d', 'temporal', '-c', 'select version()'], { PGPASSWORD: password })
  t.match(await psql('your_secure_password'), 'PostgreSQL')
  await t.rejects(psql('another'), /password authentication failed/)

  const { ARN } = await aws('secretsmanager', 'describe-secret', '--secret-id', 'Mahira') as { ARN: string }
  const version = await aws('rds-data', 'execute-statement', '--resource-arn', output('ClusterArn'), '--secret-arn', ARN, '--database', 'temporal', '--sql', 'SELECT version();')
  t.match(version, { records: [[{ stringValue: /^PostgreSQL/ }]] })
  const place = ['--resource-arn', output('ClusterArn'), '--secret-arn', ARN, '--database', 'temporal']
  await t.rejects(aws('rds-data', 'execute-statement', ...place, '--sql', 'SELEC 1'), /DatabaseErrorException.*SQLState: 42601/)
})

const lackOfBoto3 = lackOf('boto3')
if (lackOfBoto3 !== null) t.comment(`SKIPPED: boto3 was not tried, for this machine has ${lackOfBoto3}.`)

await t.test('boto3 speaks with every service, and knows its errors', { skip: lackOfBoto3 !== null }, async t => {
  const { shell } = programsAt(await openSandbox(t))
  const script = `
import boto3, json
from datetime import datetime, timedelta, timezone
now = datetime.now(timezone.utc)
secrets, data, rds = boto3.client('secretsmanager'), boto3.client('rds-data'), boto3.client('rds')
stacks, metrics = boto3.client('cloudformation'), boto3.client('cloudwatch')
seen = {'account': boto3.client('sts').get_caller_identity()['Account']}

secrets.create_secret(Name='bytes', SecretBinary=b'\\x00\\xff')
seen['binary'] = secrets.get_secret_value(SecretId='bytes')['SecretBinary'] == b'\\x00\\xff'
seen['created'] = abs((secrets.describe_secret(SecretId='bytes')['CreatedDate'] - now).total_seconds()) < 60
rds.create_db_cluster(DBClusterIdentifier='orders', Engine='aurora-postgresql', MasterUsername='ada', MasterUserPassword='correct-horse', EnableHttpEndpoint=True,
  DatabaseName='shop', ServerlessV2ScalingConfiguration={'MinCapacity': 0.5, 'MaxCapacity': 4}, Tags=[{'Key': 'a', 'Value': 'b+c / d=@e'}])
rds.create_db_instance(DBInstanceIdentifier='orders-1', DBClusterIdentifier='orders', Engine='aurora-postgresql', DBInstanceClass='db.serverless')
rds.get_waiter('db_instance_available').wait(DBInstanceIdentifier='orders-1', WaiterConfig={'Delay': 1, 'MaxAttempts': 60})
cluster = rds.describe_db_clusters(Filters=[{'Name': 'db-cluster-id', 'Values': ['orders']}])['DBClusters'][0]
seen['tags'] = cluster['TagList']
secret = secrets.create_secret(Name='ada', SecretString=json.dumps({'username': 'ada', 'password': 'correct-horse'}))['ARN']
seen['exact'] = data.execute_statement(resourceArn=cluster['DBClusterArn'], secretArn=secret, database='shop', sql='select :n::int8 as n',
  parameters=[{'name': 'n', 'value': {'longValue': 9007199254740993}}])['records'] == [[{'longValue': 9007199254740993}]]
datapoints = metrics.get_metric_statistics(Namespace='AWS/RDS', MetricName='ServerlessDatabaseCapacity', Dimensions=[{'Name': 'DBClusterIdentifier', 'Value': 'orders'}],
  StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=5), Period=60, Statistics=['Maximum'])['Datapoints']
seen['capacity'] = datapoints[0]['Maximum']
pages = stacks.get_paginator('list_stacks').paginate()
seen['stacks'] = [stack for page in pages for stack in page['StackSummaries']]

def refusal(call, **arguments):
  try: call(**arguments)
  except Exception as error: return type(error).__name__
seen['refusals'] = [
  refusal(secrets.get_secret_value, SecretId='none'),
  refusal(rds.describe_db_clusters, DBClusterIdentifier='none'),
  refusal(data.commit_transaction, resourceArn=cluster['DBClusterArn'], secretArn=secret, transactionId='none'),
  refusal(stacks.describe_stacks, StackName='none'),
  refusal(metrics.put_metric_data, Namespace='a', MetricData=[{'MetricName': 'b'}])
]
print(json.dumps(seen))
`
  t.match(JSON.parse(await shell('python3', ['-c', script])), {
    account: '000000000000',
    binary: true,
    created: true,
    tags: [{ Key: 'a', Value: 'b+c / d=@e' }],
    exact: true,
    capacity: 0.5,
    stacks: [],
    refusals: ['ResourceNotFoundException', 'DBClusterNotFoundFault', 'TransactionNotFoundException', 'ClientError', 'ClientError']
  })
})
