// Writes schema.graphql: what this server serves, as clients and the contract tests read it. With --check it writes
// nothing and fails when the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { printSchema } from 'graphql'
import { schema } from '../src/schema/schema.ts'

const file = new URL('../schema.graphql', import.meta.url)
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const printed = `${printSchema(schema)}\n`

if (!values.check) {
  writeFileSync(file, printed)
  process.stderr.write('schema.graphql is written.\n')
} else if (printed !== readCurrent()) {
  process.stderr.write('schema.graphql is not what the server serves: npm run schema writes it anew.\n')
  process.exitCode = 1
}

function readCurrent(): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
