import { expect, test } from 'vitest'
import { startSegueWithProvider, type SegueWithProvider } from '../support/server/segue-with-provider.ts'
import { toParts, EventReader } from '../support/clients/reader.ts'

const never = new Promise<never>(() => undefined)

test('S1 cancelStream returns what was saved: what any client has seen, nothing after, while the provider is silent', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider, segue } = provided
  provider.enqueue([{ reasoning: 'Hm. ' }, { text: 'As far as this' }, { wait: never }])
  const { id } = await client.start({ text: 'Talk.' })
  const reader = provided.newReader(id)
  await reader.readUntil(({ text }) => text === 'As far as this')
  const { message, lastSeq, stream } = await provided.newClient().cancel(id)
  expect(stream).toMatchObject({ id, status: 'CANCELLED', lastSeq })
  expect(message && toParts(message)).toEqual(reader.parts)
  const all = await reader.readToEnd()
  expect(all.at(-1)).toMatchObject({ type: 'StreamFinished', seq: lastSeq, message })
  expect(await (await provider.waitForRequest(0)).closed).toBe('client')
  expect((await client.session(stream.session.id)).headSeq).toBe(lastSeq)
  expect(segue.warnings).toEqual([])
})

test('S2 of many calls for one stream one is answered CANCELLED, and the rest of every answer is the same', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([{ text: 'Half' }, { wait: never }])
  const { id } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readUntil(({ text }) => text === 'Half')
  const clients = Array.from({ length: 10 }, () => provided.newClient())
  const answers = [...(await Promise.all(clients.map((caller) => caller.cancel(id)))), await client.cancel(id)]
  const outcomes = answers.map(({ outcome }) => outcome).sort()
  expect(outcomes).toEqual([...Array.from({ length: 10 }, () => 'ALREADY_CANCELLED'), 'CANCELLED'])
  const [first] = answers
  for (const answer of answers) expect(answer).toEqual({ ...first, outcome: answer.outcome })
})

test('S2 a stream that ended in another way is ALREADY_FINISHED to everybody', async () => {
  await using provided = await startSegueWithProvider()
  const { id } = await provided.client.start({ text: 'Talk.' })
  const { stream, message } = await provided.newReader(id).readUntilType('StreamFinished')
  const answer = await provided.client.cancel(id)
  expect(answer).toEqual({ outcome: 'ALREADY_FINISHED', lastSeq: stream.lastSeq, stream, message })
  expect(await provided.newClient().cancel(id)).toEqual(answer)
})

test('S3 the session is free when cancelStream returns', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  let { id, session } = { id: '', session: { id: await client.createSession() } }
  for (let round = 0; round < 5; round += 1) {
    provider.enqueue([{ text: 'Half' }, { wait: never }])
    ;({ id } = await client.start({ text: 'Talk.', sessionId: session.id, ifBusy: 'REJECT' }))
    if (round % 2 === 0) await provided.newReader(id).readUntil(({ text }) => text === 'Half')
    expect((await client.cancel(id)).outcome).toBe('CANCELLED')
  }
  const last = await client.start({ text: 'Talk.', sessionId: session.id, ifBusy: 'REJECT' })
  expect(last.status).toBe('RUNNING')
  await client.cancel(last.id)
})

/** A session in which an answer is being made, until `go`. */
async function busy({ client, provider, newReader }: SegueWithProvider) {
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'First' }, { wait: held }, { text: ' answer.' }, { finish: 'stop' }])
  const { id, session } = await client.start({ text: 'One.' })
  const reader = newReader(id)
  await reader.readUntil(({ text }) => text === 'First')
  return { id, sessionId: session.id, reader, go }
}

test('B1 REJECT refuses with SESSION_BUSY and names the stream in the way; nothing changes', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, sessionId, reader, go } = await busy(provided)
  const before = await client.session(sessionId)
  for (const ifBusy of [{}, { ifBusy: 'REJECT' } as const]) {
    const refusal = { code: 'SESSION_BUSY', extensions: { code: 'SESSION_BUSY', streamId: id } }
    const input = { text: 'Two.', sessionId, ...ifBusy }
    await expect(client.start(input)).rejects.toMatchObject(refusal)
    await expect(client.streamChat(input).next()).rejects.toMatchObject(refusal)
  }
  expect(await client.session(sessionId)).toEqual(before)
  go()
  await reader.readToEnd()
  expect(reader.text).toBe('First answer.')
})

test('B2 QUEUE waits: StreamStarted with QUEUED, then StreamChanged when its turn begins, in order', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { sessionId, go } = await busy(provided)
  const readers = ['Two.', 'Three.'].map(
    (text) => new EventReader(client.streamChat({ text, sessionId, ifBusy: 'QUEUE' })),
  )
  for (const reader of readers) {
    const started = await reader.readUntilType('StreamStarted')
    expect(started.stream.status).toBe('QUEUED')
  }
  go()
  const turns: number[] = []
  for (const reader of readers) {
    const [, changed] = await reader.readToEnd()
    expect(changed).toMatchObject({ type: 'StreamChanged', stream: { status: 'RUNNING' } })
    expect(reader.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
    turns.push(changed?.seq ?? 0, reader.cursor)
  }
  expect(turns).toEqual(turns.toSorted((a, b) => a - b))
})

test('B2 at most a hundred wait in one session', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { sessionId } = await busy(provided)
  const queue = (text: string) => client.start({ text, sessionId, ifBusy: 'QUEUE' })
  for (let count = 1; count <= 100; count += 1) expect((await queue(`${count}`)).status).toBe('QUEUED')
  await expect(queue('101')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect((await client.start({ text: 'Elsewhere.' })).status).toBe('RUNNING')
})

test('B3 INTERRUPT cancels the active stream and begins the new one right behind it, before what is queued', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, sessionId, reader } = await busy(provided)
  const queued = await client.start({ text: 'Later.', sessionId, ifBusy: 'QUEUE' })
  const begun = await client.start({ text: 'Now.', sessionId, ifBusy: 'INTERRUPT' })
  expect(begun.status).toBe('RUNNING')
  const { stream, seq } = await reader.readUntilType('StreamFinished')
  expect(stream).toMatchObject({ id, status: 'CANCELLED' })
  const mine = await provided.newReader(begun.id).readToEnd()
  expect(mine[0]).toMatchObject({ type: 'StreamStarted', seq: seq + 1 })
  const theirs = new EventReader(client.followStream(queued.id))
  const turn = await theirs.readUntilType('StreamChanged')
  expect(turn.seq).toBeGreaterThan(mine.at(-1)?.seq ?? 0)
  await theirs.readToEnd()
  expect((await client.messages(sessionId)).map(({ text }) => text).filter((_, index) => index % 2 === 0)).toEqual([
    'One.',
    'Now.',
    'Later.',
  ])
})
