import type { Account } from '../../aws/account.js'
import type { Clusters } from '../../aws/clusters.js'
import type { Secrets } from '../../aws/secrets.js'
import type { Stacks } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import type { Check } from '../creation/preflight.js'
import { createClusterNameCheck } from './cluster-name.js'
import { createEngineCheck, dataApiCheck } from './engine.js'
import { createImportsCheck } from './imports.js'
import { createQuotaCheck } from './quota.js'
import { createSecretCheck } from './secret.js'
import { createTemplateCheck } from './template.js'

export interface ChecksOptions {
  secrets: Pick<Secrets, 'describe' | 'readCredentials'>
  clusters: Pick<Clusters, 'describe'>
  stacks: Pick<Stacks, 'describe'>
  account: Account
  clock: Clock
}

/** Everything that is looked at before a launch. The request itself was held against the template and its rules before. */
export function createChecks ({ secrets, clusters, stacks, account, clock }: ChecksOptions): Check[] {
  return [
    createSecretCheck(secrets),
    createEngineCheck(account, clock),
    dataApiCheck,
    createImportsCheck(account, clock),
    createQuotaCheck(account),
    createClusterNameCheck(clusters, stacks),
    createTemplateCheck(account, clock)
  ]
}

/** What is looked at before a living database is changed. */
export function createChangeChecks ({ account, clock }: Pick<ChecksOptions, 'account' | 'clock'>): Check[] {
  return [createEngineCheck(account, clock), dataApiCheck]
}
