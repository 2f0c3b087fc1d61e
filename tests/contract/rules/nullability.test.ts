import { isNonNullType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../../src/schema/schema.ts'
import { EventsDocument, SearchDocument } from '../generated/graphql.ts'
import { transports } from '../support/clients.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

let environment: TestEnvironment
beforeAll(async () => {
  environment = await newTestEnvironment('http')
})
afterAll(() => environment[Symbol.asyncDispose]())

test('Every field of Mutation is nullable', () => {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  expect(fields.length).toBeGreaterThan(10)
  expect(fields.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([])
})

describe.each(transports)('Over %s,', (transport) => {
  test('a mutation that fails does not hide what the others of its request did', async () => {
    await using client = environment.connect(transport)
    const document = `mutation {
      first: createSession(input: { title: "First" }) { title }
      failed: deleteSession(id: "nobody")
      last: createSession(input: { title: "Last" }) { title }
    }`
    const { data, errors } = await client.execute(document, {})
    expect(data).toEqual({ first: { title: 'First' }, failed: null, last: { title: 'Last' } })
    expect(errors).toMatchObject([{ path: ['failed'], extensions: { code: 'NOT_FOUND' } }])
  })

  test('a search and a page of events that fail are null, next to what succeeded', async () => {
    await using client = environment.connect(transport)
    expect(await client.execute(SearchDocument, { query: 'Hello', first: 0 })).toMatchObject({
      data: { search: null },
      errors: [{ path: ['search'], extensions: { code: 'BAD_USER_INPUT' } }],
    })
    expect(await client.execute(EventsDocument, { sessionId: 'nobody' })).toMatchObject({
      data: { events: null },
      errors: [{ path: ['events'], extensions: { code: 'NOT_FOUND' } }],
    })
  })
})
