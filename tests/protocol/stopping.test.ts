import { expect, test } from 'vitest'
import { newProvidedSegue } from '../support/provided-segue.ts'
import { partsOf } from '../support/reader.ts'

const never = new Promise<never>(() => undefined)

test('S1 cancelStream returns what was saved: what any client has seen, nothing after, while the provider is silent', async () => {
  await using provided = await newProvidedSegue()
  const { client, provider, segue } = provided
  provider.next([{ reasoning: 'Hm. ' }, { text: 'As far as this' }, { wait: never }])
  const { id } = await client.start({ text: 'Talk.' })
  const reader = provided.read(id)
  await reader.until(({ text }) => text === 'As far as this')
  const { message, lastSeq, stream } = await provided.another().cancel(id)
  expect(stream).toMatchObject({ id, status: 'CANCELLED', lastSeq })
  expect(message && partsOf(message)).toEqual(reader.parts)
  const all = await reader.toEnd()
  expect(all.at(-1)).toMatchObject({ __typename: 'StreamFinished', seq: lastSeq, message })
  expect(await (await provider.request(0)).closed).toBe('client')
  expect((await client.session(stream.session.id)).headSeq).toBe(lastSeq)
  expect(segue.warnings).toEqual([])
})

test('S2 of many calls for one stream one is answered CANCELLED, and the rest of every answer is the same', async () => {
  await using provided = await newProvidedSegue()
  const { client, provider } = provided
  provider.next([{ text: 'Half' }, { wait: never }])
  const { id } = await client.start({ text: 'Talk.' })
  await provided.read(id).until(({ text }) => text === 'Half')
  const clients = Array.from({ length: 10 }, () => provided.another())
  const answers = [...(await Promise.all(clients.map((caller) => caller.cancel(id)))), await client.cancel(id)]
  const outcomes = answers.map(({ outcome }) => outcome).sort()
  expect(outcomes).toEqual([...Array.from({ length: 10 }, () => 'ALREADY_CANCELLED'), 'CANCELLED'])
  const [first] = answers
  for (const answer of answers) expect(answer).toEqual({ ...first, outcome: answer.outcome })
})

test('S2 a stream that ended in another way is ALREADY_FINISHED to everybody', async () => {
  await using provided = await newProvidedSegue()
  const { id } = await provided.client.start({ text: 'Talk.' })
  const { stream, message } = await provided.read(id).untilType('StreamFinished')
  const answer = await provided.client.cancel(id)
  expect(answer).toEqual({ outcome: 'ALREADY_FINISHED', lastSeq: stream.lastSeq, stream, message })
  expect(await provided.another().cancel(id)).toEqual(answer)
})

test('S3 the session is free when cancelStream returns', async () => {
  await using provided = await newProvidedSegue()
  const { client, provider } = provided
  let { id, session } = { id: '', session: { id: await client.createSession() } }
  for (let round = 0; round < 5; round += 1) {
    provider.next([{ text: 'Half' }, { wait: never }])
    ;({ id } = await client.start({ text: 'Talk.', sessionId: session.id, ifBusy: 'REJECT' }))
    if (round % 2 === 0) await provided.read(id).until(({ text }) => text === 'Half')
    expect((await client.cancel(id)).outcome).toBe('CANCELLED')
  }
  const last = await client.start({ text: 'Talk.', sessionId: session.id, ifBusy: 'REJECT' })
  expect(last.status).toBe('RUNNING')
  await client.cancel(last.id)
})
