import { describe, expect, test } from 'vitest'
import { requireNonNull, readUntil } from '../support/typed-client.ts'
import {
  cancelStream,
  isEventOfType,
  never,
  newSession,
  loadSession,
  streamChat,
  streamToEnd,
} from '../support/chat.ts'
import { readingTransports } from '../support/clients.ts'
import { newTestEnvironment } from '../support/test-environment.ts'

describe.each(readingTransports)('modelContext, over %s,', (transport) => {
  test('is the transcript, and exactly what the model is sent next', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const writing = environment.connect('http')
    const sessionId = await newSession(writing)
    expect((await loadSession(client, sessionId)).modelContext).toEqual([])

    provider.enqueue([
      { reasoning: 'I should look.' },
      { text: 'Let me look.' },
      { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at": ', '"trees"}'] } },
      { finish: 'tool_calls' },
    ])
    provider.enqueue('There is no such tool.')
    const { end } = await streamToEnd(writing, { sessionId, text: 'Trees?' })
    provider.enqueue([
      { text: 'Then ' },
      { toolCall: { id: 'call_2', name: 'look', arguments: ['{"at"'] } },
      { wait: never },
    ])
    const { last } = await readUntil(
      streamChat(writing, { sessionId, text: 'Look again' }),
      isEventOfType('ToolCallDelta'),
    )
    const partial = (await cancelStream(writing, requireNonNull(last.streamId))).message
    expect(partial?.toolCalls).toMatchObject([{ state: 'CANCELLED' }])

    const [call] = requireNonNull(end.message).toolCalls
    const named = { toolCallId: call?.id, toolName: 'look' }
    const { modelContext } = await loadSession(client, sessionId)
    expect(modelContext).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Trees?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me look.' },
          { type: 'tool-call', ...named, input: { at: 'trees' } },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', ...named, output: { type: 'error-text', value: call?.error } }],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'There is no such tool.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Look again' }] },
      // The finished parts of the cancelled answer.
      { role: 'assistant', content: [{ type: 'text', text: 'Then ' }] },
    ])

    await streamToEnd(writing, { sessionId, text: 'And now?' })
    const { messages } = requireNonNull(provider.requests.at(-1)).body
    expect(messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
      'assistant',
      'user',
    ])
    const sent = JSON.stringify(messages)
    for (const text of ['Trees?', 'Let me look.', 'There is no such tool.', 'Look again', 'Then ', 'And now?'])
      expect(sent).toContain(text)
    expect(sent).not.toContain('I should look.')
    expect(sent).not.toContain('call_2')
    expect(provider.rejections).toEqual([])
  })

  test('of a session that continues a Hermes session starts with its messages', async () => {
    await using environment = await newTestEnvironment(transport, {
      fillHermes: (db) => {
        db.addSession('hermes-1', { end_reason: 'cli_close' })
        db.addMessage('hermes-1', 2, { content: 'What did I say?' })
        db.addMessage('hermes-1', 3, { role: 'assistant', content: 'That you like trees.' })
      },
    })
    const hermesContext = [
      { role: 'user', content: [{ type: 'text', text: 'What did I say?' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'That you like trees.' }] },
    ]
    expect((await loadSession(environment.client, 'hermes-1')).modelContext).toBeNull()
    const sessionId = await newSession(environment.connect('http'), 'hermes-1')
    expect((await loadSession(environment.client, sessionId)).modelContext).toEqual(hermesContext)
  })

  test('is null if it cannot be read, without an error; the log says why', async () => {
    await using environment = await newTestEnvironment(transport)
    const { segue } = environment
    const sessionId = await newSession(environment.connect('http'))
    const loadContext = async (): Promise<never> => {
      throw new Error('The row is damaged.')
    }
    Object.assign(segue.defaultProfile.sessions, { loadContext })
    expect((await loadSession(environment.client, sessionId)).modelContext).toBeNull()
    expect(segue.warnings.join()).toContain('The row is damaged.')
  })
})
