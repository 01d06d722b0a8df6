import { invalidCombination, invalidValue } from './names.js'

export const ENGINE = 'aurora-postgresql'

/**
 * The minor versions of Aurora PostgreSQL that can be created, by major: CloudFormation's list of August 2026 without
 * those that are past their end. The last is what a bare major means.
 */
const MINORS: Readonly<Record<number, readonly number[]>> = {
  13: [9, 23],
  14: [6, 17, 18, 19, 20, 22, 23],
  15: [10, 12, 13, 14, 15, 17, 18],
  16: [8, 9, 10, 11, 13, 14],
  17: [4, 5, 6, 7, 9, 10],
  18: [3, 4]
}

/** The same of versions that nobody can create any more: the first and the last minor of each major (Aurora PostgreSQL release notes). */
const RETIRED: Readonly<Record<number, readonly [number, number]>> = {
  9.6: [3, 22], 10: [4, 21], 11: [4, 21], 12: [4, 22], 13: [3, 22], 14: [3, 21], 15: [2, 16], 16: [1, 12]
}
/** Majors that Serverless v1 had at some time. */
const SERVERLESS_V1_MAJORS = [10, 11, 13]

const OLDEST_WITH_ABILITIES = 13
/** From which minor of each major on an ability is there; a later major that is not listed has it from its first. */
type Since = Readonly<Record<number, number>>

/** Sources: Aurora User Guide, "Requirements and limitations for Aurora Serverless v2" and "Data API". */
const SERVERLESS_V2: Since = { 13: 6, 14: 3, 15: 2, 16: 1 }
const UP_TO_256_ACU: Since = { 13: 13, 14: 10, 15: 5, 16: 1 }
const AUTO_PAUSE: Since = { 13: 15, 14: 12, 15: 7, 16: 3 }
const DATA_API: Since = { 13: 11, 14: 8, 15: 3, 16: 1, 17: 4, 18: 3 }

const REGIONS_WITHOUT_DATA_API: ReadonlySet<string> = new Set([
  'ap-south-2', 'ap-southeast-4', 'ap-southeast-6', 'ap-east-2', 'ca-west-1', 'eu-central-2', 'il-central-1', 'mx-central-1',
  'cn-north-1', 'cn-northwest-1', 'us-gov-east-1', 'us-gov-west-1'
])

/** The only version that Serverless v1 had at its end, and what a version left out means for each mode. */
const SERVERLESS_V1_VERSION = '13.9'
const DEFAULT_VERSION = '17.7'

export interface EngineVersion {
  version: string
  major: number
  family: string
  /** In ACUs; absent: no Serverless v2. */
  serverlessV2: { minimum: number, maximum: number } | undefined
  supportsDataApi: boolean
  isRetired: boolean
  engineModes: Array<'provisioned' | 'serverless'>
}

/** Every version that can be created, the oldest first. */
export const ENGINE_VERSIONS: readonly EngineVersion[] = Object.entries(MINORS)
  .flatMap(([major, minors]) => minors.map(minor => describe(Number(major), minor)))

/** Every version that could be created at some time and no longer can, the oldest first. */
export const RETIRED_VERSIONS: readonly EngineVersion[] = Object.entries(RETIRED).flatMap(([major, [first, last]]) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)
    .filter(minor => !MINORS[Number(major)]?.includes(minor))
    .map(minor => describe(Number(major), minor)))

const ALL_VERSIONS = [...RETIRED_VERSIONS, ...ENGINE_VERSIONS]

/** The option group that AWS keeps for a family, and that nothing of it can leave. */
export function optionGroupOf (family: string): string {
  return family.replace(ENGINE, `default:${ENGINE}-`).replace('.', '-')
}

/** Families of parameter groups, those of retired majors first. */
export const FAMILIES = [...new Set(ALL_VERSIONS.map(({ family }) => family))]

/**
 * The version that a request means: itself, the newest of a bare major, or the default. Throws AWS's refusals of
 * another engine, of a version that there is not, and of Serverless v1 on a version that it never had. Where Serverless
 * v1 can still be had, so can its older versions.
 */
export function readVersion (engine: string | undefined, version: string | undefined, mode: string, withRetired: boolean): EngineVersion {
  if (engine !== ENGINE) throw invalidValue(`Invalid DB engine: ${engine ?? ''}. This sandbox runs ${ENGINE} only.`)
  const wanted = version ?? (mode === 'serverless' ? SERVERLESS_V1_VERSION : DEFAULT_VERSION)
  const found = findVersions(wanted, withRetired || mode === 'serverless')
  if (!found.length) throw invalidCombination(`Cannot find version ${wanted} for ${ENGINE}`)
  const supporting = found.findLast(({ engineModes }) => engineModes.some(supported => supported === mode))
  if (!supporting) throw invalidValue(`The engine mode ${mode} you requested is currently unavailable.`)
  return supporting
}

/** Throws when the Data API cannot be had for that version in that region. */
export function requireDataApi (version: EngineVersion, region: string, mode: string): void {
  if (mode === 'serverless') return
  if (REGIONS_WITHOUT_DATA_API.has(region)) throw invalidCombination(`HTTP endpoint isn't supported in ${region}.`)
  if (!version.supportsDataApi) throw invalidCombination(`HTTP endpoint isn't supported for ${ENGINE} ${version.version}.`)
}

/** The version of that name, or every version of a bare major. */
export function findVersions (wanted: string, withRetired = true): EngineVersion[] {
  return (withRetired ? ALL_VERSIONS : ENGINE_VERSIONS).filter(({ version, major }) => version === wanted || String(major) === wanted)
}

function describe (major: number, minor: number): EngineVersion {
  const has = (since: Since): boolean => major >= OLDEST_WITH_ABILITIES && minor >= (since[major] ?? 0)
  const version = `${major}.${minor}`
  const isRetired = !MINORS[major]?.includes(minor)
  return {
    version,
    major,
    family: `${ENGINE}${major}`,
    serverlessV2: has(SERVERLESS_V2) ? { minimum: has(AUTO_PAUSE) ? 0 : 0.5, maximum: has(UP_TO_256_ACU) ? 256 : 128 } : undefined,
    supportsDataApi: has(DATA_API),
    isRetired,
    engineModes: version === SERVERLESS_V1_VERSION || (isRetired && SERVERLESS_V1_MAJORS.includes(major)) ? ['provisioned', 'serverless'] : ['provisioned']
  }
}
