import type * as Rds from '@aws-sdk/client-rds'
import { ACCOUNT, AwsError, type OperationsOf } from '../aws.js'
import { AUTHORITIES } from './certificates.js'
import { LOG_TYPES } from './cluster-rules.js'
import { off, type RdsContext } from './context.js'
import { ENGINE, ENGINE_VERSIONS, type EngineVersion, RETIRED_VERSIONS } from './engine-versions.js'
import { zonesOf } from './names.js'
import { type Filterable, filterBy, listed, pageOf } from './paging.js'

/** What tools list beside a cluster although nothing can make more of it here: quotas, and nothing at all. */
export function createListingOperations ({ records, quotas }: Pick<RdsContext, 'records' | 'quotas'>) {
  return {
    DescribeBlueGreenDeployments: none('BlueGreenDeployments', 'BlueGreenDeploymentIdentifier', 'BlueGreenDeploymentNotFoundFault'),
    DescribeDBSnapshots: none('DBSnapshots', 'DBSnapshotIdentifier', 'DBSnapshotNotFound'),
    DescribeExportTasks: none('ExportTasks', 'ExportTaskIdentifier', 'ExportTaskNotFound'),
    DescribeGlobalClusters: none('GlobalClusters', 'GlobalClusterIdentifier', 'GlobalClusterNotFoundFault'),
    DescribePendingMaintenanceActions: none('PendingMaintenanceActions'),
    DescribeReservedDBInstances: none('ReservedDBInstances', 'ReservedDBInstanceId', 'ReservedDBInstanceNotFound'),
    DescribeTenantDatabases: none('TenantDatabases'),
    /** The quotas of the account in the region, under the names that AWS gives them. */
    DescribeAccountAttributes: async (_input, { region }) => ({
      AccountQuotas: [
        { AccountQuotaName: 'DBInstances', Used: records.instances.in(region).length, Max: quotas.instances },
        { AccountQuotaName: 'DBSubnetGroups', Used: records.subnetGroups.in(region).length, Max: quotas.subnetGroups },
        { AccountQuotaName: 'DBClusters', Used: records.clusters.in(region).length, Max: quotas.clusters },
        { AccountQuotaName: 'DBClusterParameterGroups', Used: records.parameterGroups.in(region).length, Max: quotas.parameterGroups },
        { AccountQuotaName: 'ManualClusterSnapshots', Used: records.snapshots.in(region).length, Max: quotas.snapshots }
      ]
    })
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** A list of what nothing here can make: it is empty, and what is asked for by name is not found. */
function none <List extends string> (list: List, identifier = '', code = '') {
  return async (input: object): Promise<Record<List, []>> => {
    const wanted: unknown = Object.entries(input).find(([name]) => name === identifier)?.[1]
    if (wanted) throw new AwsError(code, `${identifier.replace(/Id(entifier)?$/, '')} not found: ${String(wanted)}`, 404)
    return { [list]: [] } as unknown as Record<List, []>
  }
}

/** The instance classes that are offered. All run the same here; `db.serverless` alone can pause. */
const INSTANCE_CLASSES = [
  'db.serverless', 'db.t4g.medium', 'db.t4g.large', 'db.t3.medium', 'db.t3.large',
  ...['r6g', 'r6i', 'r7g', 'r8g'].flatMap(family => ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge'].map(size => `db.${family}.${size}`))
]

const LICENSE = 'postgresql-license'

/** Of instance options only (API reference of DescribeOrderableDBInstanceOptions). */
const LARGEST_PAGE_OF_OPTIONS = 1000

const VERSION_FILTERS: Filterable<EngineVersion> = {
  'db-parameter-group-family': ({ family }) => [family],
  engine: () => [ENGINE],
  'engine-mode': ({ engineModes }) => engineModes,
  'engine-version': ({ version }) => [version],
  status: version => [statusOf(version)]
}

export function createEngineOperations ({ postgres }: Pick<RdsContext, 'postgres'>) {
  return {
    DescribeDBEngineVersions: async input => {
      const { DBParameterGroupFamily: wanted } = input
      const chosen = versionsOf(input.Engine, input.EngineVersion, input.IncludeAll).filter(({ family }) => !wanted || family === wanted)
      const found = filterBy(input.DefaultOnly ? defaultsOf(chosen, input.EngineVersion) : chosen, input, VERSION_FILTERS)
      const majors = [...new Set([...found, ...ENGINE_VERSIONS].map(({ major }) => major))]
      const runsAs = new Map(await Promise.all(majors.map(async major => [major, await postgres.data.majorFor(major)] as const)))
      return listed('DBEngineVersions', pageOf(found, input), version =>
        showVersion(version, major => runsAs.get(major) === runsAs.get(version.major)))
    },
    DescribeOrderableDBInstanceOptions: async (input, { region }) => {
      const classes = INSTANCE_CLASSES.filter(name => !input.DBInstanceClass || name === input.DBInstanceClass)
      const { AvailabilityZoneGroup: zones = region, LicenseModel: license = LICENSE, Vpc: isInVpc = true } = input
      const isOffered = zones === region && license === LICENSE && isInVpc
      const options = (isOffered ? versionsOf(input.Engine, input.EngineVersion) : []).flatMap(version =>
        classes.filter(name => name !== 'db.serverless' || version.serverlessV2).map(name => showOption(version, name, region)))
      return listed('OrderableDBInstanceOptions', pageOf(filterBy(options, input, {}), input, LARGEST_PAGE_OF_OPTIONS), option => option)
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** AWS answers an engine or version that it does not have with an empty list. */
function versionsOf (engine: string | undefined, version: string | undefined, withRetired = false): readonly EngineVersion[] {
  if (engine && engine !== ENGINE) return []
  const all = [...withRetired ? RETIRED_VERSIONS : [], ...ENGINE_VERSIONS]
  return all.filter(known => !version || known.version === version || String(known.major) === version)
}

/** The default of the engine is 17.7; of a major, its newest. */
function defaultsOf (versions: readonly EngineVersion[], wanted: string | undefined): EngineVersion[] {
  const usual = wanted ? versions.at(-1) : versions.find(({ version }) => version === '17.7')
  return usual ? [usual] : []
}

function statusOf ({ isRetired }: EngineVersion): string {
  return isRetired ? 'deprecated' : 'available'
}

function minorOf ({ version }: EngineVersion): number {
  return Number(version.split('.').at(-1))
}

/** `isReachable`: whether clusters of the version can be upgraded to a later major here. */
function showVersion (version: EngineVersion, isReachable: (major: number) => boolean): Rds.DBEngineVersion {
  const { major, family, serverlessV2 } = version
  const targets = ENGINE_VERSIONS.filter(target =>
    target.major === major ? minorOf(target) > minorOf(version) : target.major > major && isReachable(target.major))
  return {
    Engine: ENGINE,
    MajorEngineVersion: String(major),
    EngineVersion: version.version,
    DBParameterGroupFamily: family,
    DBEngineDescription: 'Aurora PostgreSQL',
    DBEngineVersionDescription: `Aurora PostgreSQL (compatible with PostgreSQL ${version.version})`,
    DBEngineVersionArn: `arn:aws:rds::${ACCOUNT}:engine-version:${ENGINE}:${version.version}`,
    ValidUpgradeTarget: targets.map(target => ({
      Engine: ENGINE, EngineVersion: target.version, Description: `Aurora PostgreSQL (compatible with PostgreSQL ${target.version})`, AutoUpgrade: false, IsMajorVersionUpgrade: target.major > major, SupportedEngineModes: ['provisioned']
    })),
    ExportableLogTypes: [...LOG_TYPES],
    SupportsLogExportsToCloudwatchLogs: true,
    SupportedEngineModes: version.engineModes,
    SupportedFeatureNames: [],
    ...off(
      'SupportsReadReplica', 'SupportsParallelQuery', 'SupportsGlobalDatabases', 'SupportsBabelfish', 'SupportsLimitlessDatabase',
      'SupportsLocalWriteForwarding', 'SupportsIntegrations'
    ),
    Status: statusOf(version),
    SupportsCertificateRotationWithoutRestart: true,
    SupportedCACertificateIdentifiers: [...AUTHORITIES],
    ...(serverlessV2 ? { ServerlessV2FeaturesSupport: { MinCapacity: serverlessV2.minimum, MaxCapacity: serverlessV2.maximum } } : {})
  }
}

function showOption (version: EngineVersion, instanceClass: string, region: string): Rds.OrderableDBInstanceOption {
  return {
    Engine: ENGINE,
    EngineVersion: version.version,
    DBInstanceClass: instanceClass,
    LicenseModel: LICENSE,
    AvailabilityZones: zonesOf(region).map(Name => ({ Name })),
    ...off(
      'MultiAZCapable', 'ReadReplicaCapable', 'SupportsIops', 'SupportsStorageAutoscaling', 'SupportsKerberosAuthentication', 'OutpostCapable',
      'SupportsGlobalDatabases', 'SupportsDedicatedLogVolume'
    ),
    Vpc: true,
    SupportsStorageEncryption: true,
    StorageType: 'aurora',
    SupportsEnhancedMonitoring: true,
    SupportsIAMDatabaseAuthentication: true,
    SupportsPerformanceInsights: true,
    SupportedEngineModes: ['provisioned'],
    SupportedNetworkTypes: ['IPV4'],
    SupportsClusters: true,
    SupportsHttpEndpoint: version.supportsDataApi && !instanceClass.startsWith('db.t')
  }
}
