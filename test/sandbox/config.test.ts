import t from 'tap'
import { readSandboxConfig } from '../../sandbox/config.js'

t.test('without any settings it listens on this machine only', async t => {
  t.same(readSandboxConfig({}), {
    host: '127.0.0.1',
    port: 4566,
    dataDir: '.sandbox',
    pace: 'fast',
    resumeMs: null,
    logLevel: 'info',
    serverlessV1: 'allowed',
    retiredVersions: 'refused',
    largeRows: 'refused',
    allowedHosts: [],
    clusterQuota: 40,
    clusterPorts: null,
    clusterHost: null,
    searchPath: ''
  })
})

t.test('everything can be set', async t => {
  t.match(readSandboxConfig({
    SANDBOX_HOST: '0.0.0.0', SANDBOX_PORT: '0', SANDBOX_SERVERLESS_V1: 'retired', SANDBOX_RETIRED_VERSIONS: 'allowed', SANDBOX_LARGE_ROWS: 'allowed', SANDBOX_ALLOWED_HOSTS: 'sandbox, aws.test', SANDBOX_CLUSTER_PORTS: '15432-15471', SANDBOX_CLUSTER_HOST: 'db.test', SANDBOX_RESUME_MS: '1500'
  }), {
    host: '0.0.0.0', port: 0, serverlessV1: 'retired', retiredVersions: 'allowed', largeRows: 'allowed', allowedHosts: ['sandbox', 'aws.test'], clusterPorts: { first: 15432, last: 15471 }, clusterHost: 'db.test', resumeMs: 1500
  })
})

t.test('all problems are named at once', async t => {
  const wrong = { SANDBOX_PORT: '70000', SANDBOX_PACE: 'slow', LOG_LEVEL: 'loud', SANDBOX_SERVERLESS_V1: 'maybe', SANDBOX_RETIRED_VERSIONS: 'no', SANDBOX_LARGE_ROWS: '64', SANDBOX_CLUSTER_QUOTA: '1.5', SANDBOX_CLUSTER_PORTS: '9-1' }
  const message = t.throws(() => readSandboxConfig(wrong)) as Error
  for (const name of Object.keys(wrong)) t.match(message.message, `- ${name} must`)
})
