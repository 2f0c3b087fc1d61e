import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../support/server/graphql-request.ts'
import { startTestSegue } from '../support/server/segue.ts'
import { recordSql } from '../support/storage/record-sql.ts'
import { waitUntil } from '../support/wait-until.ts'

const pending = z.array(z.object({ question: z.string() }))
const sessions = z.object({
  sessions: z.object({ edges: z.array(z.object({ node: z.object({ pendingClarifications: pending }) })) }),
})

test('what waits in a page of sessions is one query a kind, each session with its own', async () => {
  const statements = recordSql()
  await using segue = await startTestSegue()
  const questions = ['First?', 'Second?', 'Third?']
  for (const question of questions) {
    const query = 'mutation ($text: String!) { startChat(input: { text: $text }) { id } }'
    await ask(segue.url, z.unknown(), { query, variables: { text: `/ask ${question}` } })
  }
  const waiting = () => segue.defaultProfile.chats.decisions.list('clarification', { isPending: true })
  let seen = 0
  await waitUntil(() => {
    void waiting().then(({ length }) => (seen = length))
    return seen === questions.length
  })
  statements.length = 0
  const query = `{ sessions { edges { node { pendingClarifications { question } pendingApprovals { id } } } } }`
  const { edges } = (await ask(segue.url, sessions, { query })).sessions
  const asked = edges.map(({ node }) => node.pendingClarifications.map(({ question }) => question).join())
  expect(asked.toSorted()).toEqual(questions.toSorted())
  expect(statements.filter(({ sql }) => sql.includes('FROM decisions'))).toHaveLength(2)
})
