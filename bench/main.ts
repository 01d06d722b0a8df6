import { cpus, loadavg } from 'node:os'
import { benchCreateStack } from './create-stack.js'
import { benchDataApi } from './data-api.js'
import { benchServiceQuery } from './service-query.js'
import { benchSixtyClusters } from './sixty-clusters.js'
import { benchStreaming } from './streaming.js'

const benches: Readonly<Record<string, () => Promise<void>>> = {
  'create-stack': benchCreateStack,
  'data-api': benchDataApi,
  'service-query': benchServiceQuery,
  'sixty-clusters': benchSixtyClusters,
  streaming: benchStreaming
}

// `node scripts/run.mjs bench <name> …`; all of them when none is named.
const [, , , ...asked] = process.argv
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  const bench = benches[name]
  if (!bench) throw new Error(`there is no ${name}: ${Object.keys(benches).join(', ')}`)
  process.stdout.write(`\n${name}   (${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)})\n`)
  await bench()
}
