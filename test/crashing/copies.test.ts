import t from 'tap'

import { copies } from './copies.js'
import { tryCrashes } from './crashing.js'

await tryCrashes(t, copies)
