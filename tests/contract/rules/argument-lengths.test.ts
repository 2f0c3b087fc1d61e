import { expect, test } from 'vitest'
import { transports } from '../../support/clients/transports.ts'
import { startTestSegue } from '../../support/server/segue.ts'

test.each([
  ['An id', 'query ($v: ID!) { session(id: $v) { id } }', ['id']],
  ['A cursor', 'query ($v: String!) { sessions(after: $v) { edges { cursor } } }', ['after']],
  ['A title', 'mutation ($v: String!) { createSession(input: { title: $v }) { id } }', ['input', 'title']],
  ['An id in a list', 'mutation ($v: ID!) { deleteSessions(ids: ["a", $v]) }', ['ids', 1]],
  [
    'An id in a filter',
    'query ($v: ID!) { sessions(filter: { ids: [$v] }) { edges { cursor } } }',
    ['filter', 'ids', 0],
  ],
  ['The id of a subscription', 'subscription ($v: ID!) { followSession(sessionId: $v) { seq } }', ['sessionId']],
])('%s of more than 10,000 characters is refused before anything is done with it', async (_, query, path) => {
  await using segue = await startTestSegue()
  const send = (length: number) => transports.webSocket(segue.url, { query, variables: { v: 'x'.repeat(length) } })
  const { errors } = await send(10_001)
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', path } }])
  expect(errors[0]?.message).toBe(`The argument ${path.join('.')} is too long. Use at most 10000 characters.`)
  expect(JSON.stringify((await send(10_000)).errors)).not.toContain('Use at most 10000')
})
