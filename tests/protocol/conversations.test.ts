import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../support/server/graphql-request.ts'
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
  expect(new Set(rows.map((change) => change.conversationId))).toEqual(new Set([`cnv_${id}`]))
  expect(rows.length).toBeLessThanOrEqual(4)
  hermes.addMessage('hermes1', 3)
  expect(await nextChange(stream)).toMatchObject({ kind: 'UPSERTED', conversationId: 'cnv_hermes1' })
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
