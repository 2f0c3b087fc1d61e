import { expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ConversationsDocument } from '../generated/graphql.ts'
import { loadSession, newSession } from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask } from '../support/typed-client.ts'

/** Adds a session that has ended, what continues it, and what Hermes' API server and its terminal forked from it. */
function fillHermes(db: HermesDb): void {
  const parent_session_id = 'parent'
  db.addSession('parent', { title: 'Trees', started_at: 1, ended_at: 9, end_reason: 'cli_close' })
  db.addMessage('parent', 2, { content: 'Which tree?' })
  db.addMessage('parent', 3, { role: 'assistant', content: 'An oak.' })
  db.addSession('fork', { parent_session_id, source: 'api_server', started_at: 10, end_reason: 'cli_close' })
  db.copyMessages('parent', 'fork')
  db.addMessage('fork', 11, { content: 'And an elm?' })
  db.addSession('branch', { parent_session_id, started_at: 12, model_config: '{"_branched_from":"parent"}' })
  db.copyMessages('parent', 'branch', { timestamp: 12.5 })
  db.addSession('continuation', { parent_session_id, source: 'webui', started_at: 20 })
  db.addMessage('continuation', 21, { content: 'I am back.' })
}

test.each(transports)("a fork of Hermes' API server is a conversation of its own, over %s", async (transport) => {
  await using environment = await newTestEnvironment(transport, { fillHermes })
  const { client } = environment
  const last = { id: 'parent:2' }
  for (const id of ['fork', 'branch']) {
    const alone = { parent: null, lineageRoot: { id }, segmentCount: 1, forkedFrom: last }
    expect(await loadSession(client, id)).toMatchObject(alone)
  }
  expect(await loadSession(client, 'continuation')).toMatchObject({
    parent: { id: 'parent' },
    lineageRoot: { id: 'parent' },
    segmentCount: 2,
    forkedFrom: null,
  })
  const inSegue = await newSession(client, 'fork')
  expect(await loadSession(client, inSegue)).toMatchObject({ lineageRoot: { id: 'fork' }, segmentCount: 2 })
  const { conversations } = await ask(client, ConversationsDocument, { first: 10 })
  expect(conversations.edges.map(({ node: { root, segmentCount } }) => [root.id, segmentCount])).toEqual([
    ['parent', 2],
    ['branch', 1],
    ['fork', 2],
  ])
})
