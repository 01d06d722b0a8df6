import { CreateSecretCommand, DeleteSecretCommand, GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import type { Random } from './random.js'
import { type Clients, unlessMissing, type Work } from './work.js'

interface Secret {
  name: string
  /** Every acknowledged value, the current one last. */
  values: string[]
  /** The value that was sent and not acknowledged; null: a deletion. */
  pending?: string | null
}

/** Makes secrets, gives them new values and deletes them. */
export function createSecretsWork (random: Random): Work {
  let secrets: Secret[] = []
  let count = 0

  const send = async (secret: Secret, value: string | null, call: () => Promise<unknown>): Promise<void> => {
    secret.pending = value
    await call()
    delete secret.pending
    if (value === null) secrets = secrets.filter(each => each !== secret)
    else secret.values.push(value)
  }

  const judge = async (clients: Clients, secret: Secret): Promise<string[]> => {
    const current = await read(clients, secret.name, 'AWSCURRENT')
    const { pending } = secret
    delete secret.pending
    if (current === undefined) {
      secrets = secrets.filter(each => each !== secret)
      return pending === null || secret.values.length === 0 ? [] : [`secret ${secret.name} is gone`]
    }
    if (current === pending) secret.values.push(pending)
    const [previous, wanted] = [undefined, ...secret.values].slice(-2)
    const found = await read(clients, secret.name, 'AWSPREVIOUS')
    return current === wanted && found === previous ? [] : [`secret ${secret.name} is ${current} after ${found}, not ${wanted} after ${previous}`]
  }

  return {
    step: async clients => {
      const secret = random.pick(secrets)
      const value = `value-${++count}`
      if (!secret || random.chance(0.3)) {
        const made: Secret = { name: `secret-${count}`, values: [] }
        secrets.push(made)
        const create = new CreateSecretCommand({ Name: made.name, SecretString: value })
        await send(made, value, async () => await clients.secrets.send(create))
      } else if (random.chance(0.2)) {
        const remove = new DeleteSecretCommand({ SecretId: secret.name, ForceDeleteWithoutRecovery: true })
        await send(secret, null, async () => await clients.secrets.send(remove))
      } else {
        const put = new PutSecretValueCommand({ SecretId: secret.name, SecretString: value })
        await send(secret, value, async () => await clients.secrets.send(put))
      }
    },
    verify: async clients => (await Promise.all(secrets.map(async secret => await judge(clients, secret)))).flat()
  }
}

async function read (clients: Clients, name: string, stage: string): Promise<string | undefined> {
  return (await unlessMissing(clients.secrets.send(new GetSecretValueCommand({ SecretId: name, VersionStage: stage }))))?.SecretString
}
