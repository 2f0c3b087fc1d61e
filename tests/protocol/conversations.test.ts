import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ask, request } from '../support/server/graphql-request.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'

const row = 'id title segmentCount lastActivityAt tip { id activeStream { status } }'
const query = `subscription { conversationsChanged { kind conversationId conversation { ${row} } continuesIn { id } } }`

const rowSchema = z.looseObject({ id: z.string(), title: z.string().nullable(), segmentCount: z.int() })
const changeSchema = z.object({
  kind: z.enum(['READY', 'UPSERTED', 'REMOVED']),
  conversationId: z.string().nullable(),
  conversation: rowSchema.nullable(),
  continuesIn: z.object({ id: z.string() }).nullable(),
})
const resultSchema = z.object({ data: z.object({ conversationsChanged: changeSchema }) })
const ready = { kind: 'READY', conversationId: null, conversation: null, continuesIn: null }
const listSchema = z.object({ conversations: z.object({ edges: z.array(z.object({ node: rowSchema })) }) })

const markSchema = z.object({ readAt: z.string(), attention: z.string() })
const markResultSchema = z.object({
  cancelStream: z.object({ stream: z.object({ finishedAt: z.string() }) }),
  early: markSchema,
  late: markSchema,
})

type Change = z.infer<typeof changeSchema>

/** Subscribes, waits for READY, and reads the list: from then on every change is delivered. */
async function follow(segue: TestSegue): Promise<EventStream> {
  const stream = await EventStream.open(segue.url, { query })
  expect(await nextChange(stream)).toEqual(ready)
  await loadConversations(segue)
  return stream
}

async function loadConversations({ url }: TestSegue): Promise<Map<string, z.infer<typeof rowSchema>>> {
  const list = { query: `{ conversations(first: 1000) { edges { node { ${row} } } } }` }
  const { conversations } = await ask(url, listSchema, list)
  return new Map(conversations.edges.map(({ node }) => [node.id, node]))
}

async function nextChange(stream: EventStream): Promise<Change> {
  for (;;) {
    const event = await stream.next()
    if (!event) throw new Error('The stream ended.')
    if (event.event === 'next') return resultSchema.parse(JSON.parse(event.data)).data.conversationsChanged
  }
}

async function waitForChange(stream: EventStream, matches: (change: Change) => boolean): Promise<Change> {
  for (;;) {
    const change = await nextChange(stream)
    if (matches(change)) return change
  }
}

async function write({ url }: TestSegue, mutation: string): Promise<string> {
  return JSON.stringify(await ask(url, z.unknown(), { query: `mutation { ${mutation} }` }))
}

async function startChat(segue: TestSegue, text: string): Promise<string> {
  const response = await write(segue, `startChat(input: { text: "${text}" }) { session { id } }`)
  return /ses_\w+/.exec(response)?.[0] ?? ''
}

interface SegueWithHermes {
  readonly segue: TestSegue
  readonly hermes: HermesDb
  readonly path: string
}

async function startSegueWithHermes(): Promise<SegueWithHermes> {
  const hermesHome = newTempFolder()
  const path = join(hermesHome, 'state.db')
  const hermes = new HermesDb(path)
  hermes.addSession('hermes1')
  hermes.addMessage('hermes1', 2)
  const segue = await startTestSegue({ settings: { hermesHome } })
  await segue.defaultProfile.profile.hermesSessions?.refresh()
  onTestFinished(async () => {
    await segue[Symbol.asyncDispose]()
    hermes.close()
    rmSync(hermesHome, { recursive: true, force: true })
  })
  return { segue, hermes, path }
}

test('L1 a conversation is delivered when it is added, changed or removed, by Segue or by Hermes, and not for streaming text', async () => {
  const { segue, hermes } = await startSegueWithHermes()
  const stream = await follow(segue)
  const id = await startChat(segue, 'Who are you? Tell me all about yourself.')
  const rows: Change[] = []
  await waitForChange(stream, (change) => {
    rows.push(change)
    return JSON.stringify(change.conversation).includes('"activeStream":null')
  })
  hermes.addMessage('hermes1', 3)
  const ofHermes = await waitForChange(
    stream,
    (change) => rows.push(change) > 0 && change.conversationId !== `cnv_${id}`,
  )
  expect(ofHermes).toMatchObject({ kind: 'UPSERTED', conversationId: 'cnv_hermes1' })
  expect(new Set(rows.map((change) => change.conversationId))).toEqual(new Set([`cnv_${id}`, 'cnv_hermes1']))
  expect(rows.length).toBeLessThanOrEqual(5)
  await write(segue, `deleteSession(id: "${id}")`)
  const removed = await waitForChange(stream, ({ kind }) => kind === 'REMOVED')
  expect(removed).toEqual({ ...ready, kind: 'REMOVED', conversationId: `cnv_${id}` })
  stream.destroy()
})

test('L2 a client that subscribes, reads the list and applies the changes has the current list', async () => {
  const { segue, hermes } = await startSegueWithHermes()
  const stop = new AbortController()
  const writing = (async () => {
    for (let count = 0; !stop.signal.aborted; count += 1) {
      const id = await startChat(segue, `Chat ${count}`)
      await write(segue, `updateSession(id: "${id}", input: { title: "Renamed ${count}" }) { id }`)
      if (count % 3 === 0) await write(segue, `cancelStream(streamId: "${await findStreamId(segue, id)}") { outcome }`)
      if (count % 3 === 0) await write(segue, `deleteSession(id: "${id}")`)
      hermes.addSession(`h${count}`, { started_at: count })
      hermes.addMessage(`h${count}`, count)
    }
  })()
  await startChat(segue, 'Before')
  const stream = await EventStream.open(segue.url, { query })
  expect(await nextChange(stream)).toEqual(ready)
  const list = await loadConversations(segue)
  await startChat(segue, 'Meanwhile')
  stop.abort()
  await writing
  const last = await startChat(segue, 'The last one')
  hermes.addSession('last', { started_at: 9 })
  hermes.addMessage('last', 9)
  const open = new Set([`cnv_${last}`, 'cnv_last'])
  await waitForChange(stream, ({ conversationId, conversation }) => {
    if (conversation) list.set(conversation.id, conversation)
    else list.delete(conversationId ?? '')
    if (!JSON.stringify(conversation).includes('"status"')) open.delete(conversationId ?? '')
    return open.size === 0 && !JSON.stringify([...list.values()]).includes('"status"')
  })
  expect(list).toEqual(await loadConversations(segue))
  stream.destroy()
})

async function findStreamId({ url }: TestSegue, sessionId: string): Promise<string> {
  const events = await ask(url, z.unknown(), { query: `{ events(sessionId: "${sessionId}") { stream: streamId } }` })
  return /str_\w+/.exec(JSON.stringify(events))?.[0] ?? ''
}

test('L3 READY comes again when the Hermes database is removed or added, and the changes after it', async () => {
  const { segue, hermes, path } = await startSegueWithHermes()
  const stream = await follow(segue)
  renameSync(path, `${path}.away`)
  await waitForChange(stream, ({ kind }) => kind === 'READY')
  expect([...(await loadConversations(segue)).keys()]).toEqual([])
  renameSync(`${path}.away`, path)
  await waitForChange(stream, ({ kind }) => kind === 'READY')
  expect([...(await loadConversations(segue)).keys()]).toEqual(['cnv_hermes1'])
  const id = await startChat(segue, 'Hello')
  hermes.addMessage('hermes1', 3)
  const open = new Set<string | null>([`cnv_${id}`, 'cnv_hermes1'])
  await waitForChange(stream, ({ kind, conversationId }) => {
    expect(kind).not.toBe('REMOVED')
    open.delete(conversationId)
    return open.size === 0
  })
  stream.destroy()
})

test('L4 a removed conversation tells which one its sessions belong to now', async () => {
  const { segue, hermes } = await startSegueWithHermes()
  const stream = await follow(segue)
  hermes.addSession('hermes0', { end_reason: 'compression' })
  hermes.addMessage('hermes0', 1)
  hermes.db.exec("UPDATE sessions SET parent_session_id = 'hermes0' WHERE id = 'hermes1'")
  const removed = await waitForChange(stream, ({ kind }) => kind === 'REMOVED')
  expect(removed).toEqual({
    ...ready,
    kind: 'REMOVED',
    conversationId: 'cnv_hermes1',
    continuesIn: { id: 'cnv_hermes0' },
  })
  stream.destroy()
})

async function send({ url }: TestSegue, operation: string): Promise<unknown> {
  return ask(url, z.unknown(), { query: operation })
}

/** Adds a chat of Hermes that goes on in two branches. */
function addBranches(hermes: HermesDb): void {
  hermes.addSession('one', { started_at: 1, end_reason: 'compression', title: 'Trees' })
  hermes.addMessage('one', 2, { content: 'Hello' })
  for (const [index, id] of ['two', 'three'].entries()) {
    hermes.addSession(id, { started_at: 3 + index, parent_session_id: 'one', title: `Trees #${index + 2}` })
    hermes.addMessage(id, 5 + index, { content: `Hello ${id}` })
  }
}

test('L5 what was set for a conversation stays with each piece that it falls into, and every change is delivered', async () => {
  const { segue, hermes } = await startSegueWithHermes()
  addBranches(hermes)
  const stream = await follow(segue)
  await write(segue, 'updateConversation(id: "cnv_one", input: { title: "Woods", pinned: true }) { id }')
  await waitForChange(stream, ({ conversation }) => conversation?.['title'] === 'Woods')
  hermes.db.exec(`UPDATE sessions SET parent_session_id = NULL; DELETE FROM messages WHERE session_id = 'one';
    DELETE FROM sessions WHERE id = 'one'`)
  const list = await send(segue, '{ conversations(filter: { pinned: true }) { edges { node { id title archived } } } }')
  expect(list).toEqual({
    conversations: {
      edges: ['three', 'two'].map((id) => ({ node: { id: `cnv_${id}`, title: 'Woods', archived: false } })),
    },
  })
  stream.destroy()
})

test('L6 a conversation is deleted with all of its sessions, or not at all', async () => {
  const { segue } = await startSegueWithHermes()
  const started = await send(segue, 'mutation { startChat(input: { text: "/ask Where?" }) { id session { id } } }')
  const [id = ''] = /ses_\w+/.exec(JSON.stringify(started)) ?? []
  const deletions = `busy: deleteConversation(id: "cnv_${id}") readOnly: deleteConversation(id: "cnv_hermes1")`
  const { errors = [] } = await request(segue.url, { query: `mutation { ${deletions} }` })
  expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['SESSION_BUSY', 'SESSION_READ_ONLY'])
  const [streamId = ''] = /str_\w+/.exec(JSON.stringify(started)) ?? []
  await send(segue, `mutation { cancelStream(streamId: "${streamId}") { outcome } }`)
  expect(await send(segue, `mutation { deleteConversation(id: "cnv_${id}") }`)).toEqual({
    deleteConversation: `cnv_${id}`,
  })
  expect(await send(segue, `{ session(id: "${id}") { id } }`)).toEqual({ session: null })
})

test('L7 a title that was given to a conversation finds its tip until it is replaced', async () => {
  const { segue, hermes } = await startSegueWithHermes()
  addBranches(hermes)
  const search = '{ search(query: "woods") { edges { node { snippet session { id } } } } }'
  await write(segue, 'updateConversation(id: "cnv_one", input: { title: "The woods" }) { id }')
  expect(await send(segue, search)).toEqual({
    search: { edges: [{ node: { snippet: 'The woods', session: { id: 'three' } } }] },
  })
  await write(segue, 'updateConversation(id: "cnv_one", input: { title: "A forest" }) { id }')
  expect(await send(segue, search)).toEqual({ search: { edges: [] } })
})

test('L8 attention is the most urgent of a conversation, ends when it is read, and every change is delivered', async () => {
  const { segue, hermes } = await startSegueWithHermes()
  const stream = await EventStream.open(segue.url, {
    query: 'subscription { conversationsChanged { kind conversationId conversation { attention readAt } } }',
  })
  await stream.next()
  await loadConversations(segue)
  const waitFor = async (id: string, attention: string): Promise<void> => {
    for (;;) {
      const event = await stream.next()
      if (!event) throw new Error('The stream ended.')
      if (event.data.includes(id) && event.data.includes(`"attention":"${attention}"`)) return
    }
  }
  const started = await send(segue, 'mutation { startChat(input: { text: "/ask Where?" }) { session { id } } }')
  const [id = ''] = /ses_\w+/.exec(JSON.stringify(started)) ?? []
  await waitFor(`cnv_${id}`, 'NEEDS_ANSWER')
  await send(segue, `mutation { markRead(conversationId: "cnv_${id}") { id } }`)
  const [clarificationId = ''] = /clr_\w+/.exec(JSON.stringify(await send(segue, '{ clarifications { id } }'))) ?? []
  await send(segue, `mutation { answerClarification(id: "${clarificationId}", answer: "Here") { id } }`)
  await waitFor(`cnv_${id}`, 'UNREAD')
  hermes.addMessage('hermes1', Date.now() / 1000)
  await waitFor('cnv_hermes1', 'UNREAD')
  for (const read of [`cnv_${id}`, 'cnv_hermes1']) {
    await send(segue, `mutation { markRead(conversationId: "${read}") { id } }`)
    await waitFor(read, 'IDLE')
  }
  stream.destroy()
})

test('L9 a read mark never goes back, and what a person does marks up to it', async () => {
  const { segue } = await startSegueWithHermes()
  const started = await send(segue, 'mutation { startChat(input: { text: "/ask Where?" }) { id session { id } } }')
  const [id = ''] = /ses_\w+/.exec(JSON.stringify(started)) ?? []
  const [streamId = ''] = /str_\w+/.exec(JSON.stringify(started)) ?? []
  const conversation = `conversation(id: "cnv_${id}") { attention readAt }`
  const marks = `cancelStream(streamId: "${streamId}") { stream { finishedAt } }
    early: markRead(conversationId: "cnv_${id}", at: "2001-01-01T00:00:00Z") { readAt attention }
    late: markRead(conversationId: "cnv_${id}", at: "2999-01-01T00:00:00Z") { readAt attention }`
  const stopped = markResultSchema.parse(await send(segue, `mutation { ${marks} }`))
  const { finishedAt } = stopped.cancelStream.stream
  expect(stopped.early).toEqual({ readAt: finishedAt, attention: 'IDLE' })
  expect(Date.parse(stopped.late.readAt)).toBeLessThanOrEqual(Date.now())
  expect(await send(segue, `{ ${conversation} }`)).toEqual({ conversation: stopped.late })
})
