import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../support/server/graphql-request.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'

const row = 'id title segmentCount lastActivityAt tip { id activeStream { status } }'
const query = `subscription { conversationsChanged { kind id conversation { ${row} } } }`

const rowSchema = z.looseObject({ id: z.string(), title: z.string().nullable(), segmentCount: z.int() })
const changeSchema = z.object({
  kind: z.enum(['UPSERTED', 'REMOVED']),
  id: z.string(),
  conversation: rowSchema.nullable(),
})
const resultSchema = z.object({
  data: z.object({ conversationsChanged: changeSchema }).nullable(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).default([]),
})
const listSchema = z.object({ conversations: z.object({ edges: z.array(z.object({ node: rowSchema })) }) })

type Change = z.infer<typeof changeSchema>

/** Whoever has the head of the answer, and then the list, is told of all that comes. */
async function follow(segue: TestSegue): Promise<EventStream> {
  const stream = await EventStream.open(segue.url, { query })
  await read(segue)
  return stream
}

async function read({ url }: TestSegue): Promise<Map<string, z.infer<typeof rowSchema>>> {
  const list = { query: `{ conversations(first: 1000) { edges { node { ${row} } } } }` }
  const { conversations } = await ask(url, listSchema, list)
  return new Map(conversations.edges.map(({ node }) => [node.id, node]))
}

async function next(stream: EventStream): Promise<z.infer<typeof resultSchema> | null> {
  const event = await stream.next()
  return event?.event === 'next' ? resultSchema.parse(JSON.parse(event.data)) : null
}

async function nextChange(stream: EventStream): Promise<Change> {
  const { conversationsChanged } = z.object({ conversationsChanged: changeSchema }).parse((await next(stream))?.data)
  return conversationsChanged
}

async function untilChange(stream: EventStream, isIt: (change: Change) => boolean): Promise<Change> {
  for (;;) {
    const change = await nextChange(stream)
    if (isIt(change)) return change
  }
}

async function write({ url }: TestSegue, mutation: string): Promise<string> {
  return JSON.stringify(await ask(url, z.unknown(), { query: `mutation { ${mutation} }` }))
}

async function talk(segue: TestSegue, text: string): Promise<string> {
  const told = await write(segue, `startChat(input: { text: "${text}" }) { session { id } }`)
  return /ses_\w+/.exec(told)?.[0] ?? ''
}

interface WithHermes {
  readonly segue: TestSegue
  readonly hermes: HermesDb
  readonly path: string
}

async function newWithHermes(): Promise<WithHermes> {
  const hermesHome = newTempFolder()
  const path = join(hermesHome, 'state.db')
  const hermes = new HermesDb(path)
  hermes.addSession('theirs')
  hermes.addMessage('theirs', 2)
  const segue = await startTestSegue({ settings: { hermesHome } })
  onTestFinished(async () => {
    await segue[Symbol.asyncDispose]()
    hermes.close()
    rmSync(hermesHome, { recursive: true, force: true })
  })
  return { segue, hermes, path }
}

test('L1 a row is told when it comes, changes and goes, by whoever’s hand, and not for the words of an answer', async () => {
  const { segue, hermes } = await newWithHermes()
  const stream = await follow(segue)
  const id = await talk(segue, 'Who are you? Tell me all about yourself.')
  const rows: Change[] = []
  await untilChange(stream, (change) => {
    rows.push(change)
    return JSON.stringify(change.conversation).includes('"activeStream":null')
  })
  expect(new Set(rows.map((change) => change.id))).toEqual(new Set([`cnv_${id}`]))
  expect(rows.length).toBeLessThanOrEqual(4)
  hermes.addMessage('theirs', 3)
  expect(await nextChange(stream)).toMatchObject({ kind: 'UPSERTED', id: 'cnv_theirs' })
  await write(segue, `deleteSession(id: "${id}")`)
  const gone = await untilChange(stream, ({ kind }) => kind === 'REMOVED')
  expect(gone).toEqual({ kind: 'REMOVED', id: `cnv_${id}`, conversation: null })
  stream.destroy()
})

test('L2 who subscribes, then reads, then does what it is told, has the list that is read', async () => {
  const { segue, hermes } = await newWithHermes()
  const stop = new AbortController()
  const busy = (async () => {
    for (let count = 0; !stop.signal.aborted; count += 1) {
      const id = await talk(segue, `Chat ${count}`)
      await write(segue, `updateSession(id: "${id}", input: { title: "Renamed ${count}" }) { id }`)
      if (count % 3 === 0) await write(segue, `cancelStream(streamId: "${await streamOf(segue, id)}") { outcome }`)
      if (count % 3 === 0) await write(segue, `deleteSession(id: "${id}")`)
      hermes.addSession(`h${count}`, { started_at: count })
      hermes.addMessage(`h${count}`, count)
    }
  })()
  await talk(segue, 'Before')
  const stream = await EventStream.open(segue.url, { query })
  const list = await read(segue)
  await talk(segue, 'Meanwhile')
  stop.abort()
  await busy
  const last = await talk(segue, 'The last one')
  hermes.addSession('last', { started_at: 9 })
  hermes.addMessage('last', 9)
  const open = new Set([`cnv_${last}`, 'cnv_last'])
  await untilChange(stream, ({ id, conversation }) => {
    if (conversation) list.set(id, conversation)
    else list.delete(id)
    if (!JSON.stringify(conversation).includes('"status"')) open.delete(id)
    return open.size === 0 && !JSON.stringify([...list.values()]).includes('"status"')
  })
  expect(list).toEqual(await read(segue))
  stream.destroy()
})

async function streamOf({ url }: TestSegue, sessionId: string): Promise<string> {
  const events = await ask(url, z.unknown(), { query: `{ events(sessionId: "${sessionId}") { stream: streamId } }` })
  return /str_\w+/.exec(JSON.stringify(events))?.[0] ?? ''
}

test('L3 who cannot be told one by one, as when the file of Hermes comes or goes, is told STALE and the end', async () => {
  const { segue, path } = await newWithHermes()
  const first = await follow(segue)
  const id = await talk(segue, 'Hello')
  await untilChange(first, (change) => change.id === `cnv_${id}`)
  const lost = async (stream: EventStream): Promise<void> => {
    for (let result = await next(stream); ; result = await next(stream)) {
      if (result?.data) continue
      expect(result?.errors.map(({ extensions }) => extensions.code)).toEqual(['STALE'])
      break
    }
    expect((await stream.next())?.event).toBe('complete')
  }
  renameSync(path, `${path}.away`)
  await lost(first)
  const second = await follow(segue)
  await talk(segue, 'Hello again')
  await nextChange(second)
  renameSync(`${path}.away`, path)
  await lost(second)
})
