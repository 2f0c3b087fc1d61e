import { expect, test } from 'vitest'
import { newTool, newToolSource } from '../../tests/support/fixtures/tools.ts'
import { startSegueWithProvider } from '../../tests/support/server/segue-with-provider.ts'
import { catchError, collect, newClient, readUntil, transports } from './support/client.ts'

test.each(transports)(
  'a session is created, read and changed with its settings, which the model is sent, over %s',
  async (transport) => {
    await using server = await startSegueWithProvider()
    using client = newClient({ url: server.segue.url, transport })

    const created = await client.createSession({
      key: 'my-session',
      title: 'Trees',
      instructions: 'Be brief.',
      effort: 'low',
    })
    expect(created).toMatchObject({
      key: 'my-session',
      title: 'Trees',
      profile: 'default',
      conversationId: `cnv_${created.id}`,
      instructions: 'Be brief.',
      ownInstructions: 'Be brief.',
      effort: 'low',
    })
    expect(
      (await client.createSession({ key: 'my-session', title: 'Trees', instructions: 'Be brief.', effort: 'low' })).id,
    ).toBe(created.id)
    await collect(client.chat({ sessionId: created.id, text: 'Which one?' }))
    await client.updateSession(created.id, { instructions: 'Be kind.', effort: 'high', title: 'Oaks' })
    await collect(client.chat({ sessionId: created.id, text: 'And now?' }))

    const requests = server.provider.requests.filter(({ body }) => JSON.stringify(body.messages).includes('Which one?'))
    const sent = requests.map(({ body }) => JSON.stringify(body))
    expect(sent[0]).toContain('Be brief.')
    expect(sent[0]).toContain('"reasoning_effort":"low"')
    expect(sent.at(-1)).toContain('Be kind.')
    expect(sent.at(-1)).toContain('"reasoning_effort":"high"')
    const [changed] = (
      await readUntil(
        client.followSession(created.id),
        (event) => event.type === 'SessionChanged' && event.session.context !== null,
      )
    ).slice(-1)
    expect(changed).toMatchObject({
      session: { context: { tokens: expect.any(Number), instructions: expect.any(Number) } },
    })
    expect(await client.session(created.id)).toMatchObject({
      title: 'Oaks',
      effort: 'high',
      instructions: 'Be kind.',
      context: { tokens: expect.any(Number), instructions: expect.any(Number) },
    })
    expect(await client.updateSession(created.id, { instructions: '', effort: '' })).toMatchObject({
      ownInstructions: null,
      effort: null,
    })
    expect(await client.session('ses_unknown')).toBeNull()
    expect(await catchError(client.updateSession('ses_unknown', { title: 'No' }))).toMatchObject({ code: 'NOT_FOUND' })
  },
)

test('usage is summed with its cost, and by day', async () => {
  const prices = { 'strict/*': { input: 1, cached: 1, output: 1, reasoning: 1 } }
  await using server = await startSegueWithProvider({ settings: { prices } })
  using client = newClient({ url: server.segue.url })
  server.provider.enqueue([{ text: 'Oaks.' }, { finish: 'stop' }, { usage: { input: 100, output: 20 } }])
  await collect(client.chat({ text: 'Trees?' }))

  const sum = { answers: 1, usage: { inputTokens: 100, outputTokens: 20, cost: { amount: 0.00012, currency: 'USD' } } }
  expect(await client.usage()).toMatchObject([{ group: 'strict/test', ...sum }])
  const now = Date.now()
  const day = new Date(now).toISOString().slice(0, 10)
  expect(await client.usage({ groupBy: 'DAY', from: now, to: now, first: 1 })).toMatchObject([{ group: day, ...sum }])
  expect(await client.usage({ profile: 'absent' })).toEqual([])
  expect(await catchError(client.usage({ first: 0 }))).toMatchObject({ code: 'BAD_USER_INPUT' })
})

test('what an approval has allowed is listed, and taken back', async () => {
  await using server = await startSegueWithProvider({ createToolSource: () => newToolSource(newTool()) })
  using client = newClient({ url: server.segue.url })
  expect(await client.approvalRules()).toEqual([])
  for (const [scope, path] of [
    ['ALWAYS', 'notes/*'],
    ['SESSION', 'todo'],
  ] as const) {
    server.provider.enqueue([
      {
        toolCall: {
          id: 'call',
          name: 'files__write',
          arguments: [JSON.stringify({ path: path.replace('*', 'a') })],
        },
      },
      { finish: 'tool_calls' },
    ])
    const events = client.chat({ text: 'Write it.' })
    const asked = (await readUntil(events, ({ type }) => type === 'ApprovalChanged')).at(-1)
    if (asked?.type !== 'ApprovalChanged') throw new Error('Nothing was asked.')
    await client.answerApproval(asked.approval.id, { decision: scope, pattern: { path } })
    await collect(client.follow(asked.streamId ?? ''))
  }

  const rules = await client.approvalRules('default')
  expect(rules).toMatchObject([
    { tool: 'files__write', pattern: { path: 'todo' }, sessionId: expect.stringMatching(/^ses_/) },
    { tool: 'files__write', pattern: { path: 'notes/*' }, sessionId: null },
  ])
  expect(Math.abs(Date.now() - (rules[0]?.since ?? 0))).toBeLessThan(60_000)
  expect(await client.forgetApproval({ id: rules[0]?.id ?? '' })).toEqual([rules[1]])
  expect(await client.forgetApproval({ tool: 'files__write', profile: 'default' })).toEqual([])
  expect(await catchError(client.forgetApproval({ id: 'rul_unknown' }))).toMatchObject({ code: 'NOT_FOUND' })
})

test('a conversation is named, pinned, archived and deleted', async () => {
  await using server = await startSegueWithProvider()
  using client = newClient({ url: server.segue.url })
  const { conversationId, id } = await client.createSession()
  await collect(client.chat({ sessionId: id, text: 'Hello' }))
  await client.updateConversation(conversationId, { title: 'Trees', pinned: true, archived: true })
  const list = client.conversations({ archived: true })
  const [snapshot] = (await readUntil(list, ({ conversations }) => conversations.length > 0)).slice(-1)
  expect(snapshot?.conversations).toMatchObject([{ id: conversationId, title: 'Trees', pinned: true, archived: true }])
  await client.deleteConversation(conversationId)
  expect(await client.session(id)).toBeNull()
})
