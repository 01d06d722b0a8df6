import t from 'tap'

import { creates } from './creates.js'
import { tryCrashes } from './crashing.js'

await tryCrashes(t, creates)
