import { buildSchema, graphql } from 'graphql'
import { expect, test } from 'vitest'
import { ErrorFormatter } from '../../../../src/server/graphql/error-formatter.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

const schema = buildSchema(`
  enum Color { RED }
  type Query { count: Int, color: Color, name: String!, list: [Int], page(first: Int! = 1): Int }
`)

/** The code of the first error of an operation, and what was logged. */
async function run(
  source: string,
  rootValue: object,
  variableValues: Record<string, unknown> = {},
): Promise<{ code: unknown; message: string | undefined; path: unknown; lines: string[] }> {
  const log = new RecordingLogger()
  const { errors = [] } = await graphql({ schema, source, rootValue, variableValues })
  const [error] = errors.map((each) => new ErrorFormatter(log).format(each))
  return { code: error?.extensions['code'], message: error?.message, path: error?.path, lines: log.lines }
}

test.each<[string, string, object]>([
  ['a number that is too large', '{ count }', { count: 2 ** 40 }],
  ['a fraction', '{ count }', { count: 1.5 }],
  ['a value that the enum does not have', '{ color }', { color: 'BLUE' }],
  ['null where there must be a value', '{ name }', { name: null }],
  ['no list', '{ list }', { list: 1 }],
])('a field that cannot be resolved, with %s, is INTERNAL', async (_, source, rootValue) => {
  const { code, message, path, lines } = await run(source, rootValue)
  expect(code).toBe('INTERNAL')
  expect(message).toBe(
    'The server failed to process the operation. Its log has the details under the id in extensions.id.',
  )
  expect(path).toEqual([source.slice(2, -2)])
  expect(lines).toEqual(['error: operation failed'])
})

test('an error of the document is not INTERNAL, before its execution or during it', async () => {
  expect(await run('{ nothing }', {})).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED', lines: [] })
  const nullForNonNull = await run('query ($first: Int = 1) { page(first: $first) }', {}, { first: null })
  expect(nullForNonNull).toMatchObject({ code: 'BAD_USER_INPUT', path: ['page'], lines: [] })
})
