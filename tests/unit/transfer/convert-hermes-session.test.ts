import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { CompactSessionDocument } from '../../contract/generated/graphql.ts'
import { newSession, streamToEnd } from '../../contract/support/chat.ts'
import { connect } from '../../contract/support/clients.ts'
import { mutate } from '../../contract/support/typed-client.ts'
import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'
import { HermesChat, hermesSummary } from '../../support/hermes/hermes-chat.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { queryData, exportToFile, importFromFile, newHomePath } from '../../support/transfer/transfers.ts'

const [root, tip, branch] = ['20260213_090000_d4e5f6', '20260214_101500_a1b2c3', '20260215_080000_b1b2b3'] as const
const fork = 'api_1771286400_f0f1f2f3'

/** Adds a chat that was compacted once and ended in the terminal, and a branch of it. */
function addChat(folder: string): void {
  const hermes = new HermesDb(join(folder, 'state.db'))
  hermes.addSession(root, {
    title: 'Garden',
    source: 'telegram',
    model: 'some-model',
    pinned: 1,
    ended_at: 200,
    end_reason: 'compression',
  })
  hermes.addMessage(root, 101, { content: 'What can I plant in November?' })
  hermes.addToolCalls(root, 102, ['x'], { content: 'Let me see.' })
  hermes.addToolResult(root, 103, 'x', 'oaks')
  hermes.addMessage(root, 104, { content: 'archived', active: 0, compacted: 1 })
  const continuation = { started_at: 200, parent_session_id: root, source: 'telegram', pinned: 1 }
  hermes.addSession(tip, {
    title: 'Orchard',
    title_source: 'user',
    ended_at: 300,
    end_reason: 'cli_close',
    ...continuation,
  })
  hermes.addMessage(tip, 201, { content: 'In short: oaks.' })
  hermes.addMessage(tip, 202, { role: 'assistant', content: 'And pears.', reasoning: 'Hm.' })
  const model_config = JSON.stringify({ _branched_from: root })
  hermes.addSession(branch, { title: 'Branch', started_at: 210, parent_session_id: root, model_config })
  hermes.addMessage(branch, 211, { content: 'Elsewhere' })
  hermes.close()
}

/** Adds what Hermes' API server makes of a chat that has ended when it forks it. */
function addFork(folder: string): void {
  const db = new TestDatabase(join(folder, 'state.db'))
  db.exec(`INSERT INTO sessions (id, source, parent_session_id, started_at) VALUES ('${fork}', 'api_server', '${tip}', 400);
    INSERT INTO messages (session_id, role, content, timestamp, reasoning)
      SELECT '${fork}', role, content, timestamp, reasoning FROM messages WHERE session_id = '${tip}' ORDER BY id;
    INSERT INTO messages (session_id, role, content, timestamp) VALUES ('${fork}', 'user', 'And plums?', 401);`)
  db.close()
}

/** Queries the conversations of a profile, without what an import changes: ids and origins. */
async function queryProfile(url: string, profile: string): Promise<unknown> {
  const fields = `conversations(filter: { profile: "${profile}" }) { edges { node { title pinned archived lastActivityAt segmentCount
    segments { title source channel startedAt endedAt endReason lastActivityAt messageCount modelContext segmentCount
      messages { edges { node { role status text reasoning createdAt digest toolCalls { id name state result } } } } }
  } } } search(query: "oaks", filter: { profile: "${profile}", channels: [MESSAGING] }) { edges { node { snippet } } }`
  return queryData(url, `{ ${fields} }`)
}

const createdSchema = z.object({ createSession: z.object({ id: z.string() }) })

test.each(['default', 'work'])(
  'Hermes sessions are imported as Segue sessions into a home without Hermes (profile %s)',
  async (profile) => {
    const [hermesHome, home, other] = [newTempFolder(), newTempFolder(), newHomePath()]
    const hermesFolder = toProfileFolder(hermesHome, profile)
    mkdirSync(hermesFolder, { recursive: true })
    addChat(hermesFolder)
    const prefix = profile === 'default' ? '' : `${profile}@`
    const settings = { home, hermesHome, model: null }
    const [segueId, tipId] = await (async () => {
      await using segue = await startTestSegue({ settings })
      await using client = connect('http', segue.url)
      const input = `{ continues: "${prefix}${tip}", profile: "${profile}" }`
      const { id } = createdSchema.parse(
        await queryData(segue.url, `mutation { createSession(input: ${input}) { id } }`),
      ).createSession
      await streamToEnd(client, { sessionId: id, text: 'Where?' })
      // Its summary stands for the messages of Hermes.
      const { compactSession: continuation } = await mutate(client, CompactSessionDocument, { id })
      return [id, continuation.id] as const
    })()
    await using segue = await startTestSegue({ settings })
    const document = await exportToFile({ home, hermesHome, id: prefix + root })
    for (const id of [segueId, `cnv_${prefix}${root}`]) {
      expect((await exportToFile({ home, hermesHome, id, profile })).text).toBe(document.text)
    }
    expect(document.notes).toEqual([])

    await importFromFile(document.path, other, profile)
    await using importedSegue = await startTestSegue({ settings: { home: other } })
    const imported = await queryProfile(importedSegue.url, profile)
    expect(document.text).toMatch(/"summaryContext":\{"quotes":\[\{"messageId":"msg_[^}]*\}\],"throughMessageId":"msg_/)
    expect(JSON.stringify(imported)).toContain('And pears.')
    expect(JSON.stringify(imported)).toContain('"snippet":"In short: oaks."')
    // The branch is another conversation, so it is not exported.
    expect(imported).toEqual(await withoutBranch(queryProfile(segue.url, profile)))
    expect((await exportToFile({ home: other, id: segueId })).text).toBe(document.text)

    // The chat can be continued.
    await using client = connect('http', importedSegue.url)
    await streamToEnd(client, { sessionId: tipId, text: 'And why?' })
  },
)

const listSchema = z.looseObject({
  conversations: z.object({ edges: z.array(z.object({ node: z.looseObject({ title: z.string().nullable() }) })) }),
})

async function withoutBranch(queried: Promise<unknown>): Promise<unknown> {
  const { conversations, ...rest } = listSchema.parse(await queried)
  return { ...rest, conversations: { edges: conversations.edges.filter(({ node }) => node.title !== 'Branch') } }
}

test.each(['default', 'work'])('a fork by Hermes is a document of its own (profile %s)', async (profile) => {
  const [hermesHome, home, other] = [newTempFolder(), newTempFolder(), newHomePath()]
  const folder = toProfileFolder(hermesHome, profile)
  mkdirSync(folder, { recursive: true })
  addChat(folder)
  const prefix = profile === 'default' ? '' : `${profile}@`
  const chat = await exportToFile({ home, hermesHome, id: prefix + tip })
  addFork(folder)
  expect((await exportToFile({ home, hermesHome, id: prefix + tip })).text).toBe(chat.text)
  const document = await exportToFile({ home, hermesHome, id: prefix + fork })
  expect(document.text).toContain(`"forkedFrom":"${prefix}${tip}:6"`)
  expect(document.text).not.toContain('What can I plant')
  await importFromFile(document.path, other, profile)
  await using segue = await startTestSegue({ settings: { home: other } })
  const fields = 'segmentCount root { forkedFrom { id } parent { id } messageCount }'
  const query = `{ conversations(filter: { profile: "${profile}" }) { edges { node { ${fields} } } } }`
  const imported = { segmentCount: 1, root: { forkedFrom: null, parent: null, messageCount: 3 } }
  expect(await queryData(segue.url, query)).toEqual({ conversations: { edges: [{ node: imported }] } })
})

test('a Hermes session that cannot be read is noted', async () => {
  const [hermesHome, home] = [newTempFolder(), newTempFolder()]
  addChat(hermesHome)
  const id = await (async () => {
    await using segue = await startTestSegue({ settings: { home, hermesHome } })
    await using client = connect('http', segue.url)
    return await newSession(client, tip)
  })()
  const { notes, text } = await exportToFile({ home, id })
  expect(notes).toEqual([expect.stringContaining(`${id} continues the Hermes session ${tip}, which cannot be read`)])
  expect(text).toContain(`"parentId":"${tip}"`)
})

test('a session that Hermes has compacted in place keeps what is shown, and what the model is sent', async () => {
  const [hermesHome, home, other] = [newTempFolder(), newTempFolder(), newHomePath()]
  const hermes = new HermesDb(join(hermesHome, 'state.db'), 'v22')
  const chat = new HermesChat(hermes, tip)
  chat.addTurns(1, 2, 3)
  chat.compact([{ role: 'user', content: hermesSummary('Of oaks.') }, ...chat.live.slice(-1)])
  chat.addTurns(4)
  hermes.close()
  const fields = 'messageCount messages { edges { node { kind role status text } } }'
  const query = `{ conversations { edges { node { tip { ${fields} } } } } }`
  const settings = { home, hermesHome, model: null }
  await using segue = await startTestSegue({ settings })
  const document = await exportToFile({ home, hermesHome, id: tip })
  expect(document.text).toContain('"kind":"SUMMARY"')
  await importFromFile(document.path, other)
  await using importedSegue = await startTestSegue({ settings: { home: other } })
  expect(await queryData(importedSegue.url, query)).toEqual(await queryData(segue.url, query))
  const contextQuery = '{ conversations { edges { node { id tip { modelContext } } } } }'
  const context = JSON.stringify(await queryData(importedSegue.url, contextQuery))
  for (const text of ['a3', 'Of oaks.', 'u4', 'a4']) expect(context).toContain(text)
  expect(context).not.toContain('u3')
  const [, id = ''] = /"id":"(cnv_[^"]+)"/.exec(context) ?? []
  expect((await exportToFile({ home: other, id })).text).toBe(document.text)
})
