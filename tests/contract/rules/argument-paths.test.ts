import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { transports } from '../support/clients.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { expectRefusal } from '../support/typed-client.ts'

let environment: TestEnvironment
beforeAll(async () => {
  environment = await newTestEnvironment('http')
})
afterAll(() => environment[Symbol.asyncDispose]())

const page = '{ edges { cursor } }'

describe.each(transports)('Over %s, the path of BAD_USER_INPUT begins with the name of the argument,', (transport) => {
  test.each<[string, string, object, (string | number)[]]>([
    ['given as a literal', `{ sessions(first: 0) ${page} }`, {}, ['first']],
    ['given as a variable', `query ($first: Int) { sessions(first: $first) ${page} }`, { first: 0 }, ['first']],
    ['whatever the name of the variable', `query ($n: Int) { sessions(first: $n) ${page} }`, { n: 0 }, ['first']],
    ['of the wrong type', `query ($n: Int) { sessions(first: $n) ${page} }`, { n: 'x' }, ['first']],
    [
      'in a fragment',
      `query ($n: Int) { ...Page } fragment Page on Query { sessions(first: $n) ${page} }`,
      { n: 'x' },
      ['first'],
    ],
    [
      'within a variable',
      `query ($f: SessionFilter) { sessions(filter: $f) ${page} }`,
      { f: { channels: ['WEB', 'X'] } },
      ['filter', 'channels', 1],
    ],
    [
      'that a variable has too much of',
      `query ($f: SessionFilter) { sessions(filter: $f) ${page} }`,
      { f: { nobody: 1 } },
      ['filter', 'nobody'],
    ],
    [
      'around a variable',
      `query ($c: Channel!) { sessions(filter: { channels: [WEB, $c] }) ${page} }`,
      { c: 'X' },
      ['filter', 'channels', 1],
    ],
    [
      'around a variable that is missing',
      `query ($c: Channel!) { sessions(filter: { channels: [WEB, $c] }) ${page} }`,
      {},
      ['filter', 'channels', 1],
    ],
    ['null against a default', `query ($s: ID = "a") { session(id: $s) { id } }`, { s: null }, ['id']],
    [
      'null against a default within an input',
      `mutation ($t: String = "a") { startChat(input: { text: $t }) { id } }`,
      { t: null },
      ['input', 'text'],
    ],
  ])('%s', async (_, operation, variables, path) => {
    await using client = environment.connect(transport)
    expect(await expectRefusal(client, operation, variables)).toMatchObject({ code: 'BAD_USER_INPUT', path })
  })
})
