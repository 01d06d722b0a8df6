import { createAccount } from './aws/account.js'
import { createChangeSets } from './aws/change-sets.js'
import type { AwsClients } from './aws/clients.js'
import { createCloudWatch } from './aws/cloud-watch.js'
import { createClusters } from './aws/clusters.js'
import { createDataApiWire } from './aws/data-api-wire.js'
import { createIdentity } from './aws/identity.js'
import { createLeftovers } from './aws/leftovers.js'
import { createMasterPasswords } from './aws/master-passwords.js'
import { meterCalls, type Meter } from './aws/metering.js'
import { createSecrets } from './aws/secrets.js'
import { createStacks } from './aws/stacks.js'
import type { Clock } from './clock.js'
import type { ServiceMetrics } from './metrics/service-metrics.js'
import { createCallBudget, type CallBudget, type Urgency } from './watching/call-budget.js'

export interface AwsAdaptersOptions {
  clients: AwsClients
  /** In each region, of each service that has a budget. */
  callsPerSecond: number
  clock: Clock
  metrics: Pick<ServiceMetrics, 'awsCall' | 'budgetWaits'>
}

/** All that the service knows of AWS, with every call counted, and those paced of which AWS takes few. */
export function createAwsAdapters ({ clients, callsPerSecond, clock, metrics }: AwsAdaptersOptions) {
  const budgetOf = (service: string): CallBudget => createCallBudget({ callsPerSecond, clock, noteWait: metrics.budgetWaits(service) })
  const budgets = { cloudformation: budgetOf('cloudformation'), rds: budgetOf('rds') }
  const counted = { note: metrics.awsCall }
  const paced = (budget: CallBudget, urgency: Urgency): Meter => pace(budget, urgency, metrics.awsCall)

  const cloudFormation = meterCalls('cloudformation', clients.cloudFormation, paced(budgets.cloudformation, 'caller'))
  const inBackground = meterCalls('cloudformation', clients.cloudFormationInBackground, paced(budgets.cloudformation, 'background'))
  const rds = meterCalls('rds', clients.rds, paced(budgets.rds, 'caller'))
  const secrets = meterCalls('secretsmanager', clients.secrets, counted)
  return {
    budgets,
    stacks: createStacks(cloudFormation),
    stacksInBackground: createStacks(inBackground),
    changeSets: createChangeSets(cloudFormation),
    account: createAccount(cloudFormation, rds),
    clusters: createClusters(rds),
    secrets: createSecrets(secrets),
    identity: createIdentity(meterCalls('sts', clients.sts, counted)),
    leftovers: createLeftovers(rds, secrets),
    passwords: createMasterPasswords(secrets, rds),
    cloudWatch: createCloudWatch(meterCalls('cloudwatch', clients.cloudWatch, counted)),
    wire: createDataApiWire(clients.dataApi, clients.dataApiPosts, metrics.awsCall)
  }
}

/** Calls ask the budget for their turn, and have it slow down when AWS refuses one for being too many. */
function pace (budget: CallBudget, urgency: Urgency, note: Meter['note']): Meter {
  return {
    admit: async ({ region, subject }) => { await budget.take(region, subject, urgency) },
    note: (call, failure, durationMs) => {
      if (failure === 'throttled') budget.slowDown(call.region)
      note(call, failure, durationMs)
    }
  }
}
