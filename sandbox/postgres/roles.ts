import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'

/** The name that Aurora's own superuser has. */
export const SUPERUSER = 'rdsadmin'

/** The way in as the superuser. */
export interface AdminAccess {
  /** Directory of the server's socket. */
  host: string
  port: number
  password: string
}

/** Runs `work` on a connection of the superuser, which is closed afterwards. */
export async function asSuperuser<T> (access: AdminAccess, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...access, user: SUPERUSER, database, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Aurora's own roles. `rds_superuser` may give each to others (Aurora User Guide, "Understanding the rds_superuser role"; gravitational/teleport#48897 for `rds_iam`). */
const AURORA_ROLES = ['rds_iam', 'rds_password', 'rds_replication']
const SUPERUSER_MEMBERSHIPS = ['pg_monitor', 'pg_signal_backend', 'pg_checkpoint', 'pg_create_subscription', 'pg_use_reserved_connections', 'pg_maintain']

/**
 * Sets up the master user as Aurora does: not a superuser, but a member of `rds_superuser`, and able to make databases
 * and roles. Repeating it changes nothing; a verifier, as {@link scramVerifier} makes it, sets the password.
 */
export async function ensureMasterUser (access: AdminAccess, user: { name: string, verifier: string | undefined }): Promise<void> {
  await asSuperuser(access, 'postgres', async client => {
    const name = client.escapeIdentifier(user.name)
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles')
    const known = new Set(rows.map(({ rolname }) => rolname))
    if (!known.has('rds_superuser')) {
      await client.query('CREATE ROLE rds_superuser CREATEDB CREATEROLE')
      for (const role of SUPERUSER_MEMBERSHIPS.filter(role => known.has(role))) {
        await client.query(`GRANT ${role} TO rds_superuser WITH ADMIN OPTION`)
      }
      await client.query('GRANT SET ON PARAMETER session_replication_role TO rds_superuser').catch(() => {})
    }
    for (const role of AURORA_ROLES.filter(role => !known.has(role))) {
      await client.query(`CREATE ROLE ${role}`)
      await client.query(`GRANT ${role} TO rds_superuser WITH ADMIN OPTION`)
    }
    if (!known.has(user.name)) await client.query(`CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE`)
    await client.query(`GRANT rds_superuser TO ${name} WITH ADMIN OPTION`)
    if (user.verifier) await client.query(`ALTER ROLE ${name} PASSWORD ${client.escapeLiteral(user.verifier)}`)
    await client.query(`ALTER DATABASE postgres OWNER TO ${name}`)
  })
}

/** Makes the database that belongs to the master user, unless it is there. */
export async function ensureDatabase (access: AdminAccess, name: string, owner: string): Promise<void> {
  await asSuperuser(access, 'postgres', async client => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} OWNER ${client.escapeIdentifier(owner)}`)
    await client.query(`ALTER DATABASE ${client.escapeIdentifier(name)} OWNER TO ${client.escapeIdentifier(owner)}`)
  })
}

const ITERATIONS = 4096

/**
 * What PostgreSQL keeps of a password (RFC 5803, `SCRAM-SHA-256$…`). Sent in the place of the password, so that the
 * server never has it in a statement, a log or its statistics.
 */
export function scramVerifier (password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, ITERATIONS, 32, 'sha256')
  const hmac = (key: string): Buffer => createHmac('sha256', salted).update(key).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}
