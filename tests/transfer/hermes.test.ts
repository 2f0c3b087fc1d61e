import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../contract/ask.ts'
import { newSession, wholeAnswer } from '../contract/chat.ts'
import { connect } from '../contract/clients.ts'
import { SearchDocument } from '../contract/generated/graphql.ts'
import { HermesDb } from '../support/hermes-db.ts'
import { newFolder, newSegue } from '../support/segue.ts'
import { data, exported, imported, newHome } from './transfers.ts'

const [root, tip, branch] = ['20260213_090000_d4e5f6', '20260214_101500_a1b2c3', '20260215_080000_b1b2b3']

/** A chat that Hermes compacted and ended in the terminal, and a branch of it. */
function fill(folder: string): void {
  const hermes = new HermesDb(join(folder, 'state.db'))
  hermes.session(root, { title: 'Garden', source: 'telegram', model: 'some-model', ended_at: 200, end_reason: 'compression' })
  hermes.message(root, 101, { content: 'What can I plant in November?' })
  hermes.calls(root, 102, ['x'], { content: 'Let me see.' })
  hermes.result(root, 103, 'x', 'oaks')
  hermes.message(root, 104, { content: 'archived', active: 0, compacted: 1 })
  const handedOn = { started_at: 200, parent_session_id: root, source: 'telegram' }
  hermes.session(tip, { title: 'Garden #2', ended_at: 300, end_reason: 'cli_close', ...handedOn })
  hermes.message(tip, 201, { content: 'In short: oaks.' })
  hermes.message(tip, 202, { role: 'assistant', content: 'And pears.', reasoning: 'Hm.' })
  const model_config = JSON.stringify({ _branched_from: root })
  hermes.session(branch, { started_at: 210, parent_session_id: root, model_config })
  hermes.message(branch, 211, { content: 'Elsewhere' })
  hermes.close()
}

const conversations = z.object({
  conversations: z.object({ edges: z.array(z.object({ node: z.unknown() })) }),
})

/** What a reader sees of a conversation, but for the ids and the keeper of its sessions. */
async function shownBy(url: string): Promise<unknown> {
  const shown = `conversations(filter: { channels: [MESSAGING, SEGUE] }) { edges { node { title lastActivityAt segmentCount
    segments { title source channel startedAt endedAt endReason lastActivityAt messageCount modelContext segmentCount
      messages { edges { node { role status text reasoning createdAt digest toolCalls { id name state result } } } } } } } }`
  const told = conversations.parse(await data(url, `{ ${shown} }`))
  return told.conversations.edges.map(({ node }) => node)
}

test.each(['default', 'work'])('sessions of Hermes come back as our own, where there is no Hermes (%s)', async (profile) => {
  const [hermesHome, home, other] = [newFolder(), newFolder(), newHome()]
  const theirs = profile === 'default' ? hermesHome : join(hermesHome, 'profiles', profile)
  mkdirSync(theirs, { recursive: true })
  fill(theirs)
  const prefix = profile === 'default' ? '' : `${profile}@`
  const ours = await (async () => {
    await using segue = await newSegue({ settings: { home, hermesHome } })
    await using client = connect('http', segue.url)
    const id = await newSession(client, prefix + tip)
    await wholeAnswer(client, { sessionId: id, text: 'Where?' })
    return id
  })()
  const before = await (async () => {
    await using segue = await newSegue({ settings: { home, hermesHome } })
    const document = await exported({ home, hermesHome, id: prefix + root })
    for (const id of [ours, `cnv_${prefix}${root}`]) {
      expect((await exported({ home, hermesHome, id, profile })).text).toBe(document.text)
    }
    expect(document.notes).toEqual([])
    return { document, shown: (await shownOf(segue.url, profile)) }
  })()

  await imported(before.document.path, other)
  await using again = await newSegue({ settings: { home: other } })
  expect(await shownBy(again.url)).toEqual(before.shown)
  expect((await exported({ home: other, id: ours })).text).toBe(before.document.text)
  await using client = connect('http', again.url)
  await wholeAnswer(client, { sessionId: ours, text: 'And why?' })
})
