import { describe, expect, test } from 'vitest'
import {
  CompactSessionDocument,
  CreateJobDocument,
  CreateSessionDocument,
  ForkSessionDocument,
  ModelsDocument,
  RegenerateDocument,
  StartChatDocument,
  StreamDocument,
  UpdateJobDocument,
  UpdateSessionDocument,
} from '../generated/graphql.ts'
import { followSession, followStream, isEventOfType, loadSession, streamToEnd } from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { loadJob, newJob, runJob, waitForRunEnd, yearlySchedule } from '../support/job.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const offline = 'offline/eliza'

const create = async (client: Client, effort: string | null) =>
  (await mutate(client, CreateSessionDocument, { model: offline, effort })).createSession

/** Runs an answer, and returns the effort of its stream and its reasoning. */
async function answer(client: Client, input: { readonly sessionId: string; readonly effort?: string }) {
  const { end } = await streamToEnd(client, { text: 'I am sad', ...input })
  const { stream } = await ask(client, StreamDocument, { id: requireNonNull(end.streamId) })
  return { effort: stream?.effort, reasoning: end.message?.reasoning ?? null, messageId: end.message?.id ?? '' }
}

describe.each(transports)('Efforts, over %s,', (transport) => {
  test('are listed by models, stored with sessions, and tried with the offline model', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { models } = await ask(client, ModelsDocument, {})
    expect(models.map(({ qualifiedName, efforts }) => [qualifiedName, efforts])).toEqual([
      ['local/test', ['low', 'medium', 'high']],
      [offline, ['low', 'medium', 'high']],
    ])
    const { id, effort } = await create(client, 'low')
    expect(effort).toBe('low')
    expect(await answer(client, { sessionId: id })).toMatchObject({ effort: 'low', reasoning: null })
    const usual = await answer(client, { sessionId: id, effort: 'medium' })
    const high = await answer(client, { sessionId: id, effort: 'high' })
    expect([usual.effort, high.effort]).toEqual(['medium', 'high'])
    expect(requireNonNull(high.reasoning).length).toBeGreaterThan(requireNonNull(usual.reasoning).length)
    expect((await loadSession(client, id)).effort).toBe('low')
    const { updateSession } = await mutate(client, UpdateSessionDocument, { id, effort: '' })
    expect(updateSession.effort).toBeNull()
    expect((await answer(client, { sessionId: id })).effort).toBeNull()
  })

  test('reach the provider, are kept with a new session, and go along with forks, retries and continuations', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Hello', effort: 'high' })
    const sessionId = end.sessionId
    const messageId = requireNonNull(end.message).id
    const sent = () => Reflect.get(requireNonNull(provider.requests.at(-1)).body, 'reasoning_effort')
    expect(sent()).toBe('high')
    const { forkSession } = await mutate(client, ForkSessionDocument, { messageId })
    const retry = async (effort: string | null) => {
      const { regenerate } = await mutate(client, RegenerateDocument, { messageId, effort })
      await readUntil(followStream(client, regenerate.id), isEventOfType('StreamFinished'))
      return regenerate
    }
    const changed = await retry('low')
    expect([changed.effort, sent()]).toEqual(['low', 'low'])
    const same = await retry(null)
    expect([same.effort, sent()]).toEqual(['high', 'high'])
    const { compactSession } = await mutate(client, CompactSessionDocument, { id: sessionId })
    const { createSession } = await mutate(client, CreateSessionDocument, { continues: sessionId })
    for (const { id } of [forkSession, changed.session, compactSession, createSession])
      expect((await loadSession(client, id)).effort).toBe('high')
    expect(provider.rejections).toEqual([])
  })

  test('that are unknown are refused where they are given, and a change is told once', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id, headSeq } = await create(client, null)
    const job = await newJob(client)
    const inInput = {
      code: 'BAD_USER_INPUT',
      path: ['input', 'effort'],
      message: expect.stringMatching(/does not take the effort "extreme"\. Choose one of: low, medium, high\./),
    }
    const effort = 'extreme'
    expect(await expectRefusal(client, CreateSessionDocument, { effort })).toMatchObject(inInput)
    expect(await expectRefusal(client, UpdateSessionDocument, { id, effort })).toMatchObject(inInput)
    expect(await expectRefusal(client, StartChatDocument, { text: 'Hello', effort })).toMatchObject(inInput)
    const newJobInput = { name: 'Birds', prompt: 'Which?', schedule: yearlySchedule, effort }
    expect(await expectRefusal(client, CreateJobDocument, newJobInput)).toMatchObject(inInput)
    expect(await expectRefusal(client, UpdateJobDocument, { id: job.id, effort })).toMatchObject(inInput)
    const { messageId } = await answer(client, { sessionId: id })
    expect(await expectRefusal(client, RegenerateDocument, { messageId, effort })).toMatchObject({
      ...inInput,
      path: ['effort'],
    })

    const { headSeq: before } = await loadSession(client, id)
    const told = readUntil(followSession(client, id, before), isEventOfType('SessionChanged'))
    const variables = { id, effort: 'high', key: 'k' }
    await mutate(client, UpdateSessionDocument, variables)
    expect((await told).last.seq).toBe(before + 1)
    expect((await mutate(client, UpdateSessionDocument, variables)).updateSession.effort).toBe('high')
    expect(await loadSession(client, id)).toMatchObject({ effort: 'high', headSeq: before + 1 })
    expect(before).toBeGreaterThan(headSeq)
    expect(await expectRefusal(client, UpdateSessionDocument, { ...variables, effort: 'low' })).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    })
  })

  test('that are stored are lowered to the nearest that another model has, or left out', async () => {
    const models = ['gpt-5.2', 'grok-3-mini', 'gpt-4.1'] as const
    await using environment = await newTestEnvironment(transport, { models })
    const { client, provider } = environment
    const { createSession } = await mutate(client, CreateSessionDocument, { effort: 'xhigh' })
    const sessionId = createSession.id
    const askWith = async (model: string) => {
      await mutate(client, UpdateSessionDocument, { id: sessionId, model: `local/${model}` })
      const { effort } = await answer(client, { sessionId })
      return { effort, sent: Reflect.get(requireNonNull(provider.requests.at(-1)).body, 'reasoning_effort') }
    }
    expect(await askWith('grok-3-mini')).toEqual({ effort: 'high', sent: 'high' })
    expect(await askWith('gpt-4.1')).toEqual({ effort: null, sent: undefined })
    expect(await askWith('gpt-5.2')).toEqual({ effort: 'xhigh', sent: 'xhigh' })
    expect((await loadSession(client, sessionId)).effort).toBe('xhigh')
  })

  test('that the provider refuses are left out, at once and from then on', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const message = "Unsupported parameter: 'reasoning_effort' is not supported with this model."
    provider.enqueue([{ status: 400, body: { error: { message } } }])
    const { end } = await streamToEnd(client, { text: 'Hello', effort: 'high' })
    expect(end.status).toBe('COMPLETED')
    const again = await answer(client, { sessionId: end.sessionId })
    expect(again.effort).toBeNull()
    const sent = provider.requests.map(({ body }) => Reflect.get(body, 'reasoning_effort'))
    expect(sent).toEqual(['high', undefined, undefined])
    const { models } = await ask(client, ModelsDocument, {})
    expect(models.find(({ qualifiedName }) => qualifiedName === 'local/test')?.efforts).toEqual([])
    expect((await loadSession(client, end.sessionId)).effort).toBe('high')
  })

  test('of a job are those of its sessions', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const job = await newJob(client, { effort: 'low' })
    const run = await waitForRunEnd(client, (await runJob(client, job.id)).run.id)
    expect((await loadSession(client, requireNonNull(run.session).id)).effort).toBe('low')
    expect(provider.requests.at(-1)?.body).toMatchObject({ reasoning_effort: 'low' })
    await mutate(client, UpdateJobDocument, { id: job.id, effort: '' })
    expect((await loadJob(client, job.id)).effort).toBeNull()
  })
})
