import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/** What every replica must know of an open transaction. */
export interface OpenTransaction {
  /** AWS's own id of it. */
  awsId: string
  /** The database of the cluster that it is in. */
  databaseName: string
  readOnly: boolean
}

/** Who may use an id, and where. */
export interface TransactionScope { keyId: string, databaseId: string }

/** Turns transactions into ids for callers and back. */
export interface TransactionIds {
  seal: (transaction: OpenTransaction, scope: TransactionScope) => string
  /** Null for an id that is none, or is another key's or another database's. */
  open: (id: string, scope: TransactionScope) => OpenTransaction | null
}

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * An id carries all there is to know of its transaction, so that no replica keeps it, and is sealed (AES-256-GCM) for one key
 * and one database: nobody can read it, change it, or use it elsewhere, whatever AWS itself would allow.
 */
export function createTransactionIds (secret: Buffer, randomBytes: (size: number) => Buffer): TransactionIds {
  const scopeText = ({ keyId, databaseId }: TransactionScope): Buffer => Buffer.from(JSON.stringify([keyId, databaseId]))
  return {
    seal: ({ awsId, databaseName, readOnly }, scope) => {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(scopeText(scope))
      const sealed = Buffer.concat([cipher.update(JSON.stringify([awsId, databaseName, readOnly])), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open: (id, scope) => {
      const bytes = Buffer.from(id, 'base64url')
      if (bytes.length <= IV_BYTES + TAG_BYTES) return null
      try {
        const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(scopeText(scope)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
        const opened = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
        const [awsId, databaseName, readOnly] = JSON.parse(opened.toString()) as [string, string, boolean]
        return { awsId, databaseName, readOnly }
      } catch {
        return null
      }
    }
  }
}

/**
 * The secret that all replicas share without being given one: it follows from all keys of the keys file together, of which no
 * caller knows more than its own. When that file changes, transactions that are open cannot be used any more.
 */
export function deriveSecret (keys: ReadonlyArray<{ sha256: string }>): Buffer {
  const digests = keys.map(({ sha256 }) => sha256.toLowerCase()).sort().join()
  return Buffer.from(hkdfSync('sha256', digests, '', 'ids of interactive transactions', 32))
}
