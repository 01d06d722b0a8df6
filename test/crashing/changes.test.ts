import t from 'tap'

import { tryCrashes } from './crashing.js'
import { change } from './operations.js'

await tryCrashes(t, [
  {
    name: 'change parameters, tags and protection',
    status: 202,
    statusOfRepeat: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { parameters: { MaxCapacity: 8 }, tags: { team: 'payments' }, deletionProtection: true }),
    undo: { parameters: { MaxCapacity: 4 }, tags: { team: null }, deletionProtection: false }
  },
  {
    name: 'change tags',
    status: 202,
    statusOfRepeat: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { tags: { team: 'payments' } }),
    undo: { tags: { team: null } }
  },
  {
    name: 'change the protection',
    status: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { deletionProtection: true }),
    undo: { deletionProtection: false }
  },
  {
    name: 'change, as a dry run',
    status: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { parameters: { MaxCapacity: 8 } }, '?dryRun=true')
  }
])
