import { expect, test } from 'vitest'
import { newProvidedSegue, type ProvidedSegue } from '../support/provided-segue.ts'
import { Reader } from '../support/reader.ts'

/** A session in which an answer is being made, until `go`. */
async function busy({ client, provider, read }: ProvidedSegue) {
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  provider.next([{ text: 'First' }, { wait: held }, { text: ' answer.' }, { finish: 'stop' }])
  const { id, session } = await client.start({ text: 'One.' })
  const reader = read(id)
  await reader.until(({ text }) => text === 'First')
  return { id, sessionId: session.id, reader, go }
}

test('B1 REJECT refuses with SESSION_BUSY and names the stream in the way; nothing changes', async () => {
  await using provided = await newProvidedSegue()
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
  await reader.toEnd()
  expect(reader.text).toBe('First answer.')
})

test('B2 QUEUE waits: StreamStarted with QUEUED, then StreamChanged when its turn begins, in order', async () => {
  await using provided = await newProvidedSegue()
  const { client } = provided
  const { sessionId, go } = await busy(provided)
  const readers = ['Two.', 'Three.'].map((text) => new Reader(client.streamChat({ text, sessionId, ifBusy: 'QUEUE' })))
  for (const reader of readers) {
    const started = await reader.untilType('StreamStarted')
    expect(started.stream.status).toBe('QUEUED')
  }
  go()
  const turns: number[] = []
  for (const reader of readers) {
    const [, changed] = await reader.toEnd()
    expect(changed).toMatchObject({ __typename: 'StreamChanged', stream: { status: 'RUNNING' } })
    expect(reader.events.at(-1)).toMatchObject({ __typename: 'StreamFinished', stream: { status: 'COMPLETED' } })
    turns.push(changed?.seq ?? 0, reader.cursor)
  }
  expect(turns).toEqual(turns.toSorted((a, b) => a - b))
})

test('B2 at most a hundred wait in one session', async () => {
  await using provided = await newProvidedSegue()
  const { client } = provided
  const { sessionId } = await busy(provided)
  const queue = (text: string) => client.start({ text, sessionId, ifBusy: 'QUEUE' })
  for (let count = 1; count <= 100; count += 1) expect((await queue(`${count}`)).status).toBe('QUEUED')
  await expect(queue('101')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect((await client.start({ text: 'Elsewhere.' })).status).toBe('RUNNING')
})

test('B3 INTERRUPT cancels the active stream and begins the new one right behind it, before what is queued', async () => {
  await using provided = await newProvidedSegue()
  const { client } = provided
  const { id, sessionId, reader } = await busy(provided)
  const queued = await client.start({ text: 'Later.', sessionId, ifBusy: 'QUEUE' })
  const begun = await client.start({ text: 'Now.', sessionId, ifBusy: 'INTERRUPT' })
  expect(begun.status).toBe('RUNNING')
  const { stream, seq } = await reader.untilType('StreamFinished')
  expect(stream).toMatchObject({ id, status: 'CANCELLED' })
  const mine = await provided.read(begun.id).toEnd()
  expect(mine[0]).toMatchObject({ __typename: 'StreamStarted', seq: seq + 1 })
  const theirs = new Reader(client.followStream(queued.id))
  const turn = await theirs.untilType('StreamChanged')
  expect(turn.seq).toBeGreaterThan(mine.at(-1)?.seq ?? 0)
  await theirs.toEnd()
  expect((await client.messages(sessionId)).map(({ text }) => text).filter((_, index) => index % 2 === 0)).toEqual([
    'One.',
    'Now.',
    'Later.',
  ])
})
