import { channel } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { newSession } from '../../../../src/sessions/new-session.ts'
import { newId } from '../../../../src/lib/ids.ts'
import { newStream, newUserMessage } from '../../../support/fixtures/generators.ts'
import { post } from '../../../support/server/post.ts'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'
import { recordSql } from '../../../support/storage/record-sql.ts'

/** Counts what graphql-js executes in this test. */
function countExecutions(): { count: number } {
  const executions = { count: 0 }
  const count = (): void => void (executions.count += 1)
  const started = channel('tracing:graphql:execute:rootSelectionSet:start')
  started.subscribe(count)
  onTestFinished(() => void started.unsubscribe(count))
  return executions
}

/** Chains of four sessions, as a compaction makes them. */
async function addSessions(segue: TestSegue, count: number): Promise<void> {
  let parentId: string | null = null
  for (let index = 0; index < count; index += 1) {
    const at = 1_700_000_000_000 + index * 1000
    const session = newSession({
      ...{ profile: 'default', title: `Chat ${index}`, titleSource: 'PERSON', at },
      ...{ model: null, instructions: null, effort: null, parentId },
    })
    const ended = { ...session, endedAt: at, endReason: 'compression' }
    const messages =
      index % 4 === 3 ? [newUserMessage(newStream({ sessionId: session.id }), 'Hi', { id: newId('message') })] : []
    await segue.defaultProfile.profile.eventStore.createSession({ session: ended, messages, idempotencyKey: null })
    parentId = index % 4 === 3 ? null : session.id
  }
}

const fields = 'id title source origin model startedAt lastActivityAt messageCount pinned archived'

/**
 * One finds the index up to date, one finds each cache up to date, and one reads the values of flags. The last one reads the keys
 * of the page. What has not changed since the first page is in caches.
 */
test.each([
  { name: 'a page of sessions', list: 'sessions', node: fields, count: 4 },
  {
    name: 'a page of sessions with their lineage',
    list: 'sessions',
    node: 'id lineageRoot { id } segmentCount parent { id }',
    count: 4,
  },
  { name: 'a page of conversations', list: 'conversations', node: `id title pinned tip { ${fields} }`, count: 5 },
])('$name needs $count statements, and no execution by graphql-js', async ({ list, node, count }) => {
  const statements = recordSql()
  await using segue = await startTestSegue()
  await addSessions(segue, 96)
  const query = `{ ${list}(first: 20) { edges { cursor node { ${node} } } pageInfo { hasNextPage endCursor } } }`
  // The first page brings the index up to date.
  await post(segue.url, query)
  const executions = countExecutions()
  statements.length = 0
  const { data, errors } = await post(segue.url, query)
  expect(errors).toEqual([])
  expect(JSON.stringify(data).match(/"cursor"/g)).toHaveLength(20)
  expect(statements.map(({ sql }) => sql)).toHaveLength(count)
  expect(executions.count).toBe(0)
})

test('A query that fails is executed once by graphql-js, which says what is wrong', async () => {
  await using segue = await startTestSegue()
  const executions = countExecutions()
  const { errors } = await post(segue.url, '{ sessions(first: 0) { edges { cursor } } }')
  expect(errors).toHaveLength(1)
  expect(executions.count).toBe(1)
})

test('A query with more than 20,000 fields is left to graphql-js, whose lists yield', async () => {
  await using segue = await startTestSegue()
  await addSessions(segue, 24)
  const aliases = Array.from({ length: 900 }, (_, index) => `a${index}: id`)
  const executions = countExecutions()
  const { data, errors } = await post(segue.url, `{ sessions { edges { node { ${aliases.join(' ')} } } } }`)
  expect(errors).toEqual([])
  expect(JSON.stringify(data).match(/"a899"/g)).toHaveLength(24)
  expect(executions.count).toBe(1)
})
