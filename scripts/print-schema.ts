// Writes schema.graphql, the schema that this server serves, for clients and the contract tests. With --check, writes
// nothing and fails if the file is out of date.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { printSchema } from 'graphql'
import { schema } from '../src/schema/schema.ts'

const file = new URL('../schema.graphql', import.meta.url)
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const printed = `${printSchema(schema)}\n`

if (!values.check) {
  writeFileSync(file, printed)
  process.stderr.write('Wrote schema.graphql.\n')
} else if (printed !== readCurrent()) {
  process.stderr.write('schema.graphql is out of date. Run npm run schema.\n')
  process.exitCode = 1
}

function readCurrent(): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
