import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Certificate {
  cert: string
  key: string
}

const VALID_YEARS = 10

/** The certificate that clients of every cluster of the data directory are shown, made at the first call. */
export async function openCertificate (dataDir: string, nowMs: number): Promise<Certificate> {
  const file = join(dataDir, 'certificate.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Certificate
  } catch {
    const made = await generate([{ name: 'commonName', value: 'rds.amazonaws.com' }], {
      keySize: 2048,
      algorithm: 'sha256',
      notAfterDate: new Date(nowMs + VALID_YEARS * 365 * 24 * 60 * 60 * 1000)
    })
    const certificate = { cert: made.cert, key: made.private }
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(file, JSON.stringify(certificate), { mode: 0o600 })
    return certificate
  }
}
