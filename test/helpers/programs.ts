import { spawnSync } from 'node:child_process'

/** A program of others that a test may try, where this machine has it. */
interface Program {
  /** What prints its version. */
  command: readonly [program: string, ...args: string[]]
  /** The first versions that will do; one per major. */
  since: ReadonlyArray<readonly [major: number, minor: number]>
}

const programs = {
  psql: { command: ['psql', '--version'], since: [[9, 0]] },
  // The first that read AWS_ENDPOINT_URL (localstack/awscli-local#76).
  aws: { command: ['aws', '--version'], since: [[1, 29], [2, 13]] },
  // Those before do not know the errors that the Data API has had since Serverless v2.
  boto3: { command: ['python3', '-c', 'import boto3; print(boto3.__version__)'], since: [[1, 35]] },
  terraform: { command: ['terraform', 'version'], since: [[1, 0]] }
} as const satisfies Record<string, Program>

/** What of these this machine does not have, or is too old, in words; null when all are there. */
export function lackOf (...names: ReadonlyArray<keyof typeof programs>): string | null {
  const lacking = names.flatMap(name => {
    const { command: [program, ...args], since } = programs[name]
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
    if (status !== 0) return [`no ${name}`]
    const [version = '', major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? []
    const newest = since.at(-1)?.[0]
    const isKnown = since.some(([least, from]) =>
      Number(major) === least ? Number(minor) >= from : Number(major) > least && least === newest)
    return isKnown ? [] : [`only ${name} ${version}`]
  })
  return lacking.length > 0 ? lacking.join(' and ') : null
}
