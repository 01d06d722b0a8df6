import t from 'tap'

import { changes } from './changes.js'
import { tryCrashes } from './crashing.js'
import { transactions } from './transactions.js'

await tryCrashes(t, [...changes, ...transactions])
