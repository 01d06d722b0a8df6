import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

import t from 'tap'

import { lackOf } from '../helpers/programs.js'
import { openSandbox } from '../helpers/sandbox.js'

const run = promisify(execFile)

/** What the provider makes without waiting half a minute for its own sake, as it does for clusters. */
const configuration = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {}
data "aws_rds_engine_version" "newest" {
  engine = "aurora-postgresql"
  latest = true
}
data "aws_rds_orderable_db_instance" "serverless" {
  engine                     = "aurora-postgresql"
  engine_latest_version      = true
  preferred_instance_classes = ["db.serverless"]
}
resource "aws_db_subnet_group" "app" {
  name       = "app"
  subnet_ids = ["subnet-0a", "subnet-0b"]
  tags       = { Team = "data" }
}
resource "aws_rds_cluster_parameter_group" "app" {
  name   = "app"
  family = data.aws_rds_engine_version.newest.parameter_group_family
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }
}
resource "aws_secretsmanager_secret" "app" {
  name = "app"
}
resource "aws_secretsmanager_secret_version" "app" {
  secret_id     = aws_secretsmanager_secret.app.id
  secret_string = jsonencode({ username = "ada" })
}
output "class" {
  value = data.aws_rds_orderable_db_instance.serverless.instance_class
}
`

const { HOME = '', PATH = '', TF_CLI_CONFIG_FILE = '' } = process.env
const cwd = t.testdir({ 'main.tf': configuration })

async function terraform (words: string[], env: Record<string, string> = {}): Promise<string> {
  const known = { HOME, PATH, TF_CLI_CONFIG_FILE, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
  return (await run('terraform', [...words, '-no-color'], { cwd, env: { ...known, ...env }, timeout: 30_000 })).stdout
}

/** What is missing, in words. The provider comes from a mirror that the settings of Terraform name, never from the network. */
async function findLack (): Promise<string | null> {
  const settings = await readFile(TF_CLI_CONFIG_FILE, 'utf8').catch(() => '')
  if (!settings.includes('_mirror')) return 'no TF_CLI_CONFIG_FILE that names a mirror of the provider'
  return lackOf('terraform') ?? await terraform(['init']).then(() => null, () => 'no mirror of the provider')
}

const lack = await findLack()
if (lack !== null) t.comment(`SKIPPED: Terraform was not tried, for this machine has ${lack}.`)

await t.test('Terraform makes what it is told, finds nothing to change, and takes it away', { skip: lack !== null }, async t => {
  const { url } = await openSandbox(t)
  const here = { AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }
  t.match(await terraform(['apply', '-auto-approve'], here), /4 added, 0 changed, 0 destroyed[^]*class = "db\.serverless"/)
  t.match(await terraform(['plan', '-detailed-exitcode'], here), 'No changes', 'any other exit code rejects')
  t.match(await terraform(['destroy', '-auto-approve'], here), '4 destroyed')
})
