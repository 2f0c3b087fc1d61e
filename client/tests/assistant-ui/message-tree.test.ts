import type { ThreadMessage } from '@assistant-ui/react'
import { describe, expect, test } from 'vitest'
import { ThreadMessageCache } from '../../src/assistant-ui/thread-message-cache.ts'
import { toMessageTree } from '../../src/assistant-ui/to-message-tree.ts'
import type { LiveChatMessage, MessageAlternative } from '../../src/react/index.ts'

const resolveUrl = (url: string): string => `https://segue.test${url}`

function newMessage(id: string, overrides: Partial<LiveChatMessage> = {}): LiveChatMessage {
  return {
    id,
    originalId: id,
    sessionId: 'ses_1',
    role: 'ASSISTANT',
    kind: 'CHAT',
    status: 'COMPLETE',
    key: null,
    parts: [{ type: 'text', text: `The text of ${id}` }],
    createdAt: 0,
    streamId: null,
    model: null,
    usage: null,
    stream: null,
    savedDigest: null,
    decisions: {},
    alternatives: [],
    ...overrides,
  }
}

const newPrompt = (id: string, text: string, overrides: Partial<LiveChatMessage> = {}): LiveChatMessage =>
  newMessage(id, { role: 'USER', parts: [{ type: 'text', text }], ...overrides })

const other = (originalId: string, sessionId: string, promptText: string): MessageAlternative => ({
  answerId: originalId.replace('u', 'a'),
  originalId,
  sessionId,
  promptText,
})

function build(messages: readonly LiveChatMessage[]) {
  const tree = toMessageTree({ messages, activeStream: null }, new ThreadMessageCache(resolveUrl))
  const edges = tree.repository.messages.map(({ message, parentId }) => `${parentId ?? '·'} > ${message.id}`)
  return { ...tree, edges, headId: tree.repository.headId }
}

describe('the tree of messages', () => {
  test('is a line where nothing was tried again', () => {
    const { edges, headId, branches } = build([
      newPrompt('u1', 'Hi'),
      newMessage('a1'),
      newPrompt('u2', 'Bye'),
      newMessage('a2'),
    ])
    expect(edges).toEqual(['· > u1', 'u1 > a1', 'a1 > u2', 'u2 > a2'])
    expect(headId).toBe('a2')
    expect(branches.size).toBe(0)
  })

  test('has a message that joined an answer before it, and none that was taken back', () => {
    const stream = {
      id: 'str_1',
      status: 'RUNNING' as const,
      finishReason: null,
      error: null,
      startedAt: 0,
      finishedAt: null,
    }
    const steering = { state: 'APPLIED' as const, streamId: 'str_1', step: 1, partIndex: 1 }
    const prompts = [other('u1', 'ses_1', 'Hi'), other('u3', 'ses_2', 'Hi')]
    const begin = newPrompt('u3', 'Hi', { stream, streamId: 'str_1', alternatives: prompts })
    const joined = newPrompt('u4', 'In short', { stream, streamId: 'str_1', steering })
    const withdrawn = newPrompt('u5', 'No', { status: 'WITHDRAWN', stream, streamId: 'str_1' })
    const tree = build([begin, joined, newMessage('a3', { streamId: 'str_1' }), withdrawn])
    expect(tree.edges).toEqual(['· > u1', 'u1 > u4', 'u4 > a1', 'u4 > a3'])
    expect(tree.headId).toBe('a3')
  })

  test('has tries with the same message as branches of the answer, in their order', () => {
    const prompts = [other('u1', 'ses_1', 'Hi'), other('u2', 'ses_2', 'Hi'), other('u3', 'ses_3', 'Hi')]
    const answers = [other('a1', 'ses_1', 'Hi'), other('a2', 'ses_2', 'Hi'), other('a3', 'ses_3', 'Hi')]
    const { edges, headId, branches, messages } = build([
      newPrompt('u2', 'Hi', { alternatives: prompts }),
      newMessage('a2', { alternatives: answers }),
    ])
    // The message keeps the id of its first try, so that it stays where it is.
    expect(edges).toEqual(['· > u1', 'u1 > a1', 'u1 > a2', 'u1 > a3'])
    expect(headId).toBe('a2')
    expect(messages.get('u1')?.id).toBe('u2')
    expect([...branches]).toEqual([
      ['a1', 'ses_1'],
      ['a3', 'ses_3'],
    ])
  })

  test('has tries with another message as branches of the message', () => {
    const prompts = [other('u1', 'ses_1', 'Hi'), other('u2', 'ses_2', 'Hello'), other('u3', 'ses_3', 'Hello')]
    const answers = [other('a1', 'ses_1', 'Hi'), other('a2', 'ses_2', 'Hello'), other('a3', 'ses_3', 'Hello')]
    const { edges, branches } = build([
      newPrompt('u1', 'Hi', { alternatives: prompts }),
      newMessage('a1', { alternatives: answers }),
    ])
    expect(edges).toEqual(['· > u1', '· > u2', 'u1 > a1'])
    // The newest try with that message is opened.
    expect([...branches]).toEqual([['u2', 'ses_3']])
  })

  test('has a try without an answer as a branch of the message, whatever that says', () => {
    const prompts = [{ ...other('u1', 'ses_1', 'Hi'), answerId: null }, other('u2', 'ses_2', 'Hi')]
    const { edges, branches } = build([newPrompt('u2', 'Hi', { alternatives: prompts }), newMessage('a2')])
    expect(edges).toEqual(['· > u1', '· > u2', 'u2 > a2'])
    expect([...branches]).toEqual([['u1', 'ses_1']])
  })

  test('has copies under the ids of their originals', () => {
    const { edges, messages } = build([
      newPrompt('u1c', 'Hi', { originalId: 'u1' }),
      newMessage('a1c', { originalId: 'a1' }),
    ])
    expect(edges).toEqual(['· > u1', 'u1 > a1'])
    expect(messages.get('a1')?.id).toBe('a1c')
  })

  test('has a place for an answer of which nothing was produced', () => {
    const stream = {
      id: 'str_1',
      status: 'FAILED',
      finishReason: null,
      error: { code: 'AUTH', message: 'No key.' },
      startedAt: 0,
      finishedAt: 1,
    } as const
    const { repository, headId } = build([newPrompt('u1', 'Hi', { streamId: 'str_1', stream })])
    expect(headId).toBe('str_1')
    expect(repository.messages.at(-1)).toMatchObject({
      parentId: 'u1',
      message: { role: 'assistant', content: [], status: { type: 'incomplete', reason: 'error', error: 'No key.' } },
    })
  })

  test('has the same objects for messages that have not changed', () => {
    const cache = new ThreadMessageCache(resolveUrl)
    const prompt = newPrompt('u1', 'Hi')
    const convert = (answer: LiveChatMessage): ThreadMessage[] =>
      toMessageTree({ messages: [prompt, answer], activeStream: null }, cache).repository.messages.map(
        ({ message }) => message,
      )
    const [first, second] = [convert(newMessage('a1')), convert(newMessage('a1', { parts: [] }))]
    expect(second[0]).toBe(first[0])
    expect(second[1]).not.toBe(first[1])
  })
})

describe('a message of assistant-ui', () => {
  const convert = (message: LiveChatMessage): ThreadMessage =>
    new ThreadMessageCache(resolveUrl).getMessage(message, message.id)
  const newCall = (overrides: object) =>
    ({
      id: 'tcl_1',
      providerId: null,
      name: 'write',
      argumentsText: '{"path":"a"}',
      argumentsWhole: true,
      state: 'AWAITING_APPROVAL',
      result: null,
      error: null,
      startedAt: null,
      finishedAt: null,
      ...overrides,
    }) as const
  const decision = {
    sessionId: 'ses_1',
    streamId: 'str_1',
    toolCall: newCall({}),
    state: 'PENDING',
    requestedAt: 0,
    expiresAt: null,
    resolvedAt: null,
  } as const

  test('has files as attachments of a user, as images and files of an answer', () => {
    const file = { type: 'file', mediaType: 'image/png', name: 'a.png', url: '/files/1' } as const
    expect(convert(newPrompt('u1', 'Look', { parts: [{ type: 'text', text: 'Look' }, file] }))).toMatchObject({
      content: [{ type: 'text', text: 'Look' }],
      attachments: [
        { id: '/files/1', name: 'a.png', content: [{ type: 'image', image: 'https://segue.test/files/1' }] },
      ],
    })
    const text = { ...file, mediaType: 'text/plain', name: 'a.txt' }
    expect(convert(newMessage('a1', { parts: [file, text] }))).toMatchObject({
      content: [
        { type: 'image', image: 'https://segue.test/files/1' },
        { type: 'file', data: 'https://segue.test/files/1', mimeType: 'text/plain', filename: 'a.txt' },
      ],
    })
  })

  test('asks for an approval with the decisions to choose from', () => {
    const approval = {
      ...decision,
      kind: 'approval',
      id: 'apr_1',
      description: 'Run write',
      choices: ['ONCE', 'SESSION', 'DENY'],
      decision: null,
    } as const
    const message = newMessage('a1', {
      status: 'STREAMING',
      parts: [{ type: 'tool', call: newCall({}) }],
      decisions: { tcl_1: { approval } },
    })
    expect(convert(message)).toMatchObject({
      status: { type: 'requires-action' },
      content: [
        {
          type: 'tool-call',
          toolCallId: 'tcl_1',
          toolName: 'write',
          args: { path: 'a' },
          approval: {
            id: 'apr_1',
            prompt: 'Run write',
            options: [
              { id: 'ONCE', kind: 'allow-once' },
              { id: 'SESSION', kind: 'allow-always' },
              { id: 'DENY', kind: 'reject-once' },
            ],
          },
        },
      ],
    })
  })

  test('asks a question by a text or a choice, and a form by an interrupt', () => {
    const clarification = {
      ...decision,
      kind: 'clarification',
      id: 'clr_1',
      question: 'Which?',
      choices: ['Red', 'Blue'],
      answer: null,
    } as const
    const parts = [{ type: 'tool', call: newCall({ name: 'clarify', state: 'RUNNING' }) }] as const
    const toCall = (asked: object): unknown => {
      const message = newMessage('a1', {
        status: 'STREAMING',
        parts,
        decisions: { tcl_1: { clarification: { ...clarification, ...asked } } },
      })
      return convert(message).content[0]
    }
    expect(toCall({})).toMatchObject({
      approval: {
        id: 'clr_1',
        prompt: 'Which?',
        display: 'select',
        allowFreeform: true,
        options: [{ label: 'Red' }, { label: 'Blue' }],
      },
    })
    expect(toCall({ choices: [] })).toMatchObject({ approval: { display: 'text' } })
    expect(toCall({ form: { type: 'object' } })).toMatchObject({
      interrupt: { type: 'human', payload: { clarificationId: 'clr_1', question: 'Which?', form: { type: 'object' } } },
    })
  })

  test.each([
    ['CANCELLED', null, { type: 'incomplete', reason: 'cancelled' }],
    ['INTERRUPTED', null, { type: 'incomplete', reason: 'error' }],
    ['COMPLETED', 'LENGTH', { type: 'incomplete', reason: 'length' }],
    ['COMPLETED', 'REFUSAL', { type: 'incomplete', reason: 'content-filter' }],
  ] as const)('says how an answer ended: %s %s', (status, finishReason, expected) => {
    const stream = { id: 'str_1', status, finishReason, error: null, startedAt: 0, finishedAt: 1 }
    expect(convert(newMessage('a1', { status: 'PARTIAL', stream }))).toMatchObject({ status: expected })
  })
})
