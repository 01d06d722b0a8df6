import t from 'tap'

import { deletions } from './deletions.js'
import { tryCrashes } from './crashing.js'

await tryCrashes(t, deletions)
