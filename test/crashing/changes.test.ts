import t from 'tap'

import { changes } from './changes.js'
import { tryCrashes } from './crashing.js'

await tryCrashes(t, changes)
