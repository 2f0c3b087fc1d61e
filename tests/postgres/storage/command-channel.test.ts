import { expect, test } from 'vitest'
import { openTestInstallation } from '../../support/postgres/test-installation.ts'
import { countRows, runSql, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTextMessage } from '../../support/search/search-fixture.ts'
import { deltaOf, sessionOf, streamOf } from '../../unit/storage/contract/records.ts'

/** Two processes. A stream runs in the first one. */
async function openProcesses(options: Parameters<typeof openTestInstallation>[1] = {}) {
  const url = await useTestDatabase()
  const open = async () => (await openTestInstallation(url, options)).openStorage({ profile: 'work' })
  const [here, there] = [await open(), await open()]
  const session = sessionOf()
  const stream = streamOf(session)
  await here.eventStore.createSession({ session, messages: [newTextMessage(session.id, 'Hello', 2)] })
  const write = { sessionId: session.id, events: [deltaOf(stream, 1)], streams: [stream] }
  await here.eventStore.append({ ...write, expectedHeadSeq: 0 })
  if (!here.commands || !there.commands) throw new Error('Several processes share a PostgreSQL.')
  return {
    url,
    here: { ...here, commands: here.commands },
    there: { ...there, commands: there.commands },
    session,
    stream,
  }
}

test('a process finds the one that runs a stream, or a stream of a session; of its own, none', async () => {
  const { here, there, session, stream } = await openProcesses()
  const owner = await there.commands.findOwner({ streamId: stream.id })
  expect(owner).not.toBeNull()
  expect(await there.commands.findOwner({ sessionId: session.id })).toBe(owner)
  expect(await here.commands.findOwner({ streamId: stream.id })).toBeNull()
  expect(await there.commands.findOwner({ streamId: 'str_unknown' })).toBeNull()
  const ended = { ...stream, status: 'COMPLETED' as const, finishedAt: 9_000 }
  await here.eventStore.append({ sessionId: session.id, expectedHeadSeq: 1, events: [], streams: [ended] })
  expect(await there.commands.findOwner({ streamId: stream.id })).toBeNull()
})

test.each([
  ['told by a notification', {}],
  ['looking for it, where no notification arrives', { listenUrl: 'postgres://segue@127.0.0.1:9/segue' }],
])('a command is executed once by its process, %s', async (_, options) => {
  const { here, there, stream } = await openProcesses(options)
  const executed: string[] = []
  here.commands.serve('chats', async (command) => {
    executed.push(command)
    return `${command}, done`
  })
  const owner = (await there.commands.findOwner({ streamId: stream.id })) ?? 0
  const sent = ['a\0', 'b', 'c'].map((command) =>
    there.commands.send(owner, { service: 'chats', text: command }, 20_000),
  )
  expect(await Promise.all(sent)).toEqual(['a\0, done', 'b, done', 'c, done'])
  expect(executed.toSorted()).toEqual(['a\0', 'b', 'c'])
})

test('a command is executed once, if its result is stored while a list that has it still arrives', async () => {
  const { url, here, there, stream } = await openProcesses()
  const owner = (await there.commands.findOwner({ streamId: stream.id })) ?? 0
  // Nobody executes it, and every list has it.
  const large = there.commands.send(owner, { service: 'hermes', text: 'x'.repeat(4_000_000) }, 3_000)
  await expect.poll(() => countRows(url, 'commands')).toBe(1)
  const executed: string[] = []
  const serve = (): void =>
    here.commands.serve('chats', async (command) => {
      executed.push(command)
      serve()
      return command
    })
  serve()
  const texts = Array.from({ length: 10 }, (_, index) => `${index}`)
  expect(
    await Promise.all(texts.map((text) => there.commands.send(owner, { service: 'chats', text }, 20_000))),
  ).toEqual(texts)
  expect(await large).toBeNull()
  expect(executed.toSorted()).toEqual(texts)
})

test('a command that nobody executes in time has no result, and is not executed later', async () => {
  const { here, there, stream } = await openProcesses()
  const owner = (await there.commands.findOwner({ streamId: stream.id })) ?? 0
  expect(await there.commands.send(owner, { service: 'chats', text: 'a' }, 1)).toBeNull()
  const executed: string[] = []
  here.commands.serve('chats', async (command) => {
    executed.push(command)
    return ''
  })
  expect(await there.commands.send(owner, { service: 'chats', text: 'b' }, 20_000)).toBe('')
  expect(executed).toEqual(['b'])
})

test('a command whose result cannot be stored is not executed again: the result is stored later', async () => {
  const { url, here, there, stream } = await openProcesses()
  const executed: string[] = []
  here.commands.serve('chats', async (command) => {
    executed.push(command)
    if (command === 'a')
      await runSql(url, 'ALTER TABLE segue.commands ADD CONSTRAINT no_results CHECK (result IS NULL)')
    if (command === 'b') await runSql(url, 'ALTER TABLE segue.commands DROP CONSTRAINT no_results')
    return `${command}, done`
  })
  const owner = (await there.commands.findOwner({ streamId: stream.id })) ?? 0
  const first = there.commands.send(owner, { service: 'chats', text: 'a' }, 20_000)
  await expect.poll(() => executed).toEqual(['a'])
  expect(await there.commands.send(owner, { service: 'chats', text: 'b' }, 20_000)).toBe('b, done')
  // Any notification has the owner look again.
  expect(await there.commands.send(owner, { service: 'chats', text: 'c' }, 20_000)).toBe('c, done')
  expect(await first).toBe('a, done')
  expect(executed.filter((command) => command === 'a')).toEqual(['a'])
})

test('a stream that is taken over cannot be written by the process that ran it', async () => {
  const { here, there, session, stream } = await openProcesses()
  expect(await there.commands.takeOver(stream.id)).toEqual([stream])
  const fence = { streamId: stream.id, generation: stream.generation }
  const write = { sessionId: session.id, expectedHeadSeq: 1, events: [deltaOf(stream, 2)], fences: [fence] }
  await expect(here.eventStore.append(write)).rejects.toMatchObject({ name: 'FencingError' })
  await there.eventStore.append(write)
})
