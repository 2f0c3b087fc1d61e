import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { maxInstructionsLength } from '../../../src/model/answer-settings/instructions.ts'
import {
  CompactSessionDocument,
  CreateSessionDocument,
  type CreateSessionMutationVariables,
  ForkSessionDocument,
  ProfileDocument,
  RegenerateDocument,
  UpdateJobDocument,
  UpdateSessionDocument,
} from '../generated/graphql.ts'
import {
  followSession,
  followStream,
  isEventOfType,
  loadSession,
  loadTranscript,
  startChat,
  streamToEnd,
} from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { loadJob, newJob, runJob, waitForRunEnd } from '../support/job.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const create = async (client: Client, variables: CreateSessionMutationVariables) =>
  (await mutate(client, CreateSessionDocument, variables)).createSession

const update = async (client: Client, id: string, instructions: string) =>
  (await mutate(client, UpdateSessionDocument, { id, instructions })).updateSession

const writeProfileInstructions = ({ segue }: TestEnvironment, text: string) =>
  writeFileSync(join(segue.home, 'INSTRUCTIONS.md'), text)

/** The system messages of the newest request to the provider. */
const sentInstructions = ({ provider }: TestEnvironment) =>
  requireNonNull(provider.requests.at(-1)).body.messages.flatMap(({ role, content }) =>
    role === 'system' ? [content] : [],
  )

/** The first message of the context of a session. */
async function firstOfContext(client: Client, id: string): Promise<unknown> {
  const { modelContext } = await loadSession(client, id)
  return Array.isArray(modelContext) ? modelContext[0] : modelContext
}

const system = (content: string) => ({ role: 'system', content })

describe.each(transports)('Instructions, over %s,', (transport) => {
  test('are those of the session, else those of the profile, and come first in modelContext and in each request', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id } = await create(client, {})
    expect(await loadSession(client, id)).toMatchObject({ instructions: null, ownInstructions: null, modelContext: [] })

    writeProfileInstructions(environment, 'Be kind.\n')
    expect(await loadSession(client, id)).toMatchObject({
      instructions: 'Be kind.',
      ownInstructions: null,
      modelContext: [system('Be kind.')],
    })
    expect((await ask(client, ProfileDocument, { name: 'default' })).profile?.instructions).toBe('Be kind.')
    expect((await ask(client, ProfileDocument, { name: 'other' })).profile?.instructions).toBeNull()
    await streamToEnd(client, { sessionId: id, text: 'Hello' })
    expect(sentInstructions(environment)).toEqual(['Be kind.'])

    expect(await update(client, id, 'Be brief.')).toMatchObject({
      instructions: 'Be brief.',
      ownInstructions: 'Be brief.',
    })
    await streamToEnd(client, { sessionId: id, text: 'Hello again' })
    expect(sentInstructions(environment)).toEqual(['Be brief.'])
    expect(await firstOfContext(client, id)).toEqual(system('Be brief.'))

    expect(await update(client, id, '')).toMatchObject({ instructions: 'Be kind.', ownInstructions: null })
    await streamToEnd(client, { sessionId: id, text: 'And again' })
    expect(sentInstructions(environment)).toEqual(['Be kind.'])
    const transcript = await loadTranscript(client, id)
    expect(transcript).toHaveLength(6)
    expect(transcript.join()).not.toContain('Be ')
    expect(environment.provider.rejections).toEqual([])
  })

  test('are kept through forks, retries, compactions, and what continues a session', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id } = await create(client, { instructions: 'Be brief.' })
    const { end } = await streamToEnd(client, { sessionId: id, text: 'Hello' })
    const messageId = requireNonNull(end.message).id

    const { forkSession: fork } = await mutate(client, ForkSessionDocument, { messageId })
    const { regenerate } = await mutate(client, RegenerateDocument, { messageId })
    await readUntil(followStream(client, regenerate.id), isEventOfType('StreamFinished'))
    expect(sentInstructions(environment)).toEqual(['Be brief.'])
    const { compactSession: continuation } = await mutate(client, CompactSessionDocument, { id })
    const another = await create(client, { continues: id })
    const changed = await create(client, { continues: id, instructions: 'Be kind.' })
    for (const session of [fork, regenerate.session, continuation, another])
      expect(await loadSession(client, session.id)).toMatchObject({ ownInstructions: 'Be brief.' })
    expect(changed.ownInstructions).toBe('Be kind.')
    expect(await firstOfContext(client, continuation.id)).toEqual(system('Be brief.'))
    await streamToEnd(client, { sessionId: continuation.id, text: 'And now?' })
    expect(sentInstructions(environment)).toEqual(['Be brief.'])
    expect(environment.provider.rejections).toEqual([])
  })

  test('of a profile are read again when its file changes or goes, also for the next step of an answer', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    writeProfileInstructions(environment, 'Be kind.')
    const go = Promise.withResolvers<void>()
    provider.enqueue([
      { wait: go.promise },
      { toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } },
      { finish: 'tool_calls' },
    ])
    const { id, session } = await startChat(client, { text: 'Hello' })
    await expect.poll(() => provider.requests.length).toBe(1)
    expect(sentInstructions(environment)).toEqual(['Be kind.'])
    writeProfileInstructions(environment, 'Be mean.')
    go.resolve()
    await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
    expect(sentInstructions(environment)).toEqual(['Be mean.'])
    expect(await firstOfContext(client, session.id)).toEqual(system('Be mean.'))
    rmSync(join(environment.segue.home, 'INSTRUCTIONS.md'))
    expect(await loadSession(client, session.id)).toMatchObject({ instructions: null })
    await streamToEnd(client, { sessionId: session.id, text: 'Hello again' })
    expect(sentInstructions(environment)).toEqual([])
  })

  test('of a session that continues one of Hermes are its own, else those of the profile', async () => {
    await using environment = await newTestEnvironment(transport, {
      fillHermes: (db) => {
        db.addSession('hermes-1', { end_reason: 'cli_close' })
        db.addMessage('hermes-1', 2, { content: 'What did I say?' })
      },
    })
    const { client } = environment
    writeProfileInstructions(environment, 'Be kind.')
    expect(await loadSession(client, 'hermes-1')).toMatchObject({ instructions: null, ownInstructions: null })
    const own = await create(client, { continues: 'hermes-1', instructions: 'Be brief.' })
    const other = await create(client, { continues: 'hermes-1' })
    expect(await firstOfContext(client, own.id)).toEqual(system('Be brief.'))
    expect(await firstOfContext(client, other.id)).toEqual(system('Be kind.'))
    await streamToEnd(client, { sessionId: own.id, text: 'Well?' })
    expect(sentInstructions(environment)).toEqual(['Be brief.'])
  })

  test('that change are told by SessionChanged, and a repeated change happens once', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id, headSeq } = await create(client, {})
    const events = followSession(client, id, headSeq)
    const variables = { id, instructions: 'Be brief.', key: 'k' }
    const changed = readUntil(events, isEventOfType('SessionChanged'))
    const first = (await mutate(client, UpdateSessionDocument, variables)).updateSession
    expect((await changed).last).toMatchObject({ seq: headSeq + 1, session: { id } })
    expect((await mutate(client, UpdateSessionDocument, variables)).updateSession).toEqual(first)
    expect(
      await expectRefusal(client, UpdateSessionDocument, { ...variables, instructions: 'Be kind.' }),
    ).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    })
    expect((await loadSession(client, id)).headSeq).toBe(headSeq + 1)
  })

  test('that are too long are refused, and blank ones are none', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const instructions = 'x'.repeat(maxInstructionsLength + 1)
    const { id } = await create(client, { instructions: ' \n' })
    expect(await loadSession(client, id)).toMatchObject({ ownInstructions: null })
    const tooLarge = { code: 'TOO_LARGE', message: expect.stringContaining('65537 characters') }
    expect(await expectRefusal(client, CreateSessionDocument, { instructions })).toMatchObject(tooLarge)
    expect(await expectRefusal(client, UpdateSessionDocument, { id, instructions })).toMatchObject(tooLarge)
    const longest = instructions.slice(1)
    expect((await update(client, id, longest)).instructions).toBe(longest)
  })

  test('of a job are those of its sessions', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    writeProfileInstructions(environment, 'Be kind.')
    const job = await newJob(client, { instructions: 'Be brief.' })
    expect(job.instructions).toBe('Be brief.')
    const { session } = await waitForRunEnd(client, (await runJob(client, job.id)).run.id)
    expect(sentInstructions(environment)).toEqual(['Be brief.'])
    const sessionId = requireNonNull(session).id
    expect(await loadSession(client, sessionId)).toMatchObject({ ownInstructions: 'Be brief.' })
    await mutate(client, UpdateJobDocument, { id: job.id, instructions: '' })
    expect((await loadJob(client, job.id)).instructions).toBeNull()
    await waitForRunEnd(client, (await runJob(client, job.id)).run.id)
    expect(sentInstructions(environment)).toEqual(['Be kind.'])
    await streamToEnd(client, { sessionId, text: 'Only they?' })
    expect(sentInstructions(environment)).toEqual(['Be brief.'])
  })
})
