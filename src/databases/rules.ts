import type { Finding } from '../problems.js'
import type { ParameterValues } from '../templates/parameters.js'
import type { Template } from '../templates/template.js'
import { isAble, versionsAbleTo, type Ability } from './engine-versions.js'

/** Something that no template can state. `wrong` is the message for the parameter, null when the rule holds. */
interface Rule {
  parameter: string
  generation?: Template['generation']
  wrong: (values: ParameterValues) => string | null
}

/** What AWS takes on Serverless v1 with PostgreSQL (RDS API, ScalingConfiguration). */
const v1Capacities: readonly unknown[] = [2, 4, 8, 16, 32, 64, 192, 384]

/** Databases that a new cluster has, and words that RDS takes for no name of another (aws-saas-boost#180). */
const reservedDatabases: ReadonlySet<string> = new Set(['admin', 'db', 'rdsadmin', 'template0', 'template1'])

const rules: readonly Rule[] = [
  {
    parameter: 'MinCapacity',
    wrong: ({ MinCapacity, MaxCapacity }) =>
      Number(MinCapacity) > Number(MaxCapacity) ? `must be at most MaxCapacity, which is ${MaxCapacity}` : null
  },
  ...['MinCapacity', 'MaxCapacity'].flatMap<Rule>(parameter => [
    {
      parameter,
      generation: 'v1',
      wrong: values => v1Capacities.includes(values[parameter]) ? null : `must be one of ${v1Capacities.join(', ')} on Serverless v1`
    },
    {
      parameter,
      generation: 'v2',
      wrong: values => Number.isInteger(Number(values[parameter]) * 2) ? null : 'must be a multiple of 0.5'
    }
  ]),
  ...['DBBackupRetentionPeriod', 'SecondsUntilAutoPause'].map(parameter => ({
    parameter, wrong: (values: ParameterValues) => Number.isInteger(values[parameter]) ? null : 'must be a whole number'
  })),
  {
    parameter: 'SecondsUntilAutoPause',
    generation: 'v1',
    wrong: ({ SecondsUntilAutoPause }) => Number(SecondsUntilAutoPause) < 300 ? 'must be at least 300: AWS refuses less' : null
  },
  {
    parameter: 'DBMaster',
    // A partial ARN without its six random characters is looked up with them, and found under another name or not at all.
    wrong: ({ DBMaster }) => /-[A-Za-z0-9]{6}$/.test(String(DBMaster))
      ? 'must not end in a hyphen and six characters: Secrets Manager takes that for the end of an ARN'
      : null
  },
  {
    parameter: 'DatabaseName',
    wrong: ({ DatabaseName }) => reservedDatabases.has(String(DatabaseName).toLowerCase()) ? `must not be ${[...reservedDatabases].join(', ')}: RDS keeps these for itself` : null
  },
  needs('serverlessV2', 'cannot run on Serverless v2: ', () => true),
  needs('dataApi', 'has no Data API: set EnableDataApi to false, or ', ({ EnableDataApi }) => EnableDataApi === true),
  needs('autoPause', 'cannot pause: set AutoPause to false, or ', ({ AutoPause }) => AutoPause === true),
  needs('over128Acu', 'goes up to 128 ACUs: lower MaxCapacity, or ', ({ MaxCapacity }) => Number(MaxCapacity) > 128)
]

function needs (ability: Ability, otherwise: string, isAsked: (values: ParameterValues) => boolean): Rule {
  return {
    parameter: 'EngineVersion',
    generation: 'v2',
    wrong: values => isAsked(values) && !isAble(String(values.EngineVersion), ability)
      ? `${values.EngineVersion} ${otherwise}take one of ${versionsAbleTo(ability)} or later of its major`
      : null
  }
}

/** Every rule that the values break, of those whose parameter the template has. */
export function findBrokenRules (template: Template, values: ParameterValues): Finding[] {
  return rules
    .filter(({ parameter, generation }) => parameter in values && (generation ?? template.generation) === template.generation)
    .map(({ parameter, wrong }) => ({ path: `/parameters/${parameter}`, message: wrong(values) }))
    .filter((finding): finding is Finding => finding.message !== null)
}
