import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newTempFolder } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'

test('the program answers the introspection of GraphiQL and code generators, within its default limits', async () => {
  await using server = await startServerProcess({ argv: ['--port', '0', '--home', newTempFolder(), '--no-hermes'] })
  const query = getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, schemaDescription: true })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  const { data, errors } = await response.json()
  expect(errors).toBeUndefined()
  const written = readFileSync(join(import.meta.dirname, '..', '..', 'schema.graphql'), 'utf8')
  expect(printSchema(buildClientSchema(data)).match(/^type .*$/gm)?.length).toBe(written.match(/^type .*$/gm)?.length)
})
