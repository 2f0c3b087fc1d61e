// Compares schema.graphql with the contract and with the list of what is still missing. --write updates the list.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildSchema, type GraphQLSchema } from 'graphql'
import { compareSchemas } from './contract/compare-schemas.ts'

const folder = new URL('../tests/contract/', import.meta.url)
const listFile = new URL('contract-missing.txt', folder)
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

function readSchema(file: URL): GraphQLSchema {
  return buildSchema(readFileSync(file, 'utf8'))
}

const schema = readSchema(new URL('../schema.graphql', import.meta.url))
const missing = compareSchemas(schema, readSchema(new URL('contract.graphql', folder)))
if (values.write) writeFileSync(listFile, missing.map((line) => `${line}\n`).join(''))

const listed = readFileSync(listFile, 'utf8').split('\n').filter(Boolean)
const problems = [
  ...missing.filter((line) => !listed.includes(line)).map((line) => `Not in the list: ${line}`),
  ...listed.filter((line) => !missing.includes(line)).map((line) => `No longer missing: ${line}`),
]
if (problems.length > 0) {
  process.stdout.write(`${problems.join('\n')}\n`)
  process.exitCode = 1
}
