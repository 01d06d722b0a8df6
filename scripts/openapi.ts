import { writeFileSync } from 'node:fs'

import { generateOpenApi } from '../src/openapi.js'

// A test fails when the committed file is not what this writes.
writeFileSync(new URL('../openapi.yaml', import.meta.resolve('#openapi/examples/database.json')), await generateOpenApi())
