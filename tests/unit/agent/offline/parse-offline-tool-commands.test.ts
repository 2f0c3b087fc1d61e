import { describe, expect, test } from 'vitest'
import { parseOfflineToolCommands } from '../../../../src/agent/offline/parse-offline-tool-commands.ts'
import { createElizaAgent } from '../../../../src/agent/offline/eliza-agent.ts'
import { ToolError } from '../../../../src/agent/tools/tool.ts'
import type { ConfiguredApprovals } from '../../../../src/config/profile/approvals.ts'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import type { DeliveredEvent } from '../../../../src/model/chat-event.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { type ChatFixture, newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newTool, type ScriptedTool, newToolSource } from '../../../support/fixtures/tools.ts'

const named = (text: string) => parseOfflineToolCommands(text)?.map(({ name, argumentsText }) => [name, argumentsText])

describe('the commands of a message', () => {
  test.each([
    ['/tool look', [['look', '{}']]],
    ['/tool look {"a": 1}', [['look', '{"a": 1}']]],
    ['  /tool   look   {"a":\t"b c"}  ', [['look', '{"a":\t"b c"}']]],
    ['/tool look {no json', [['look', '{no json']]],
    ['/tool look {"a":"\u2028 and on"}', [['look', '{"a":"\u2028 and on"}']]],
    ['/ask Red?', [['clarify', '{"question":"Red?","choices":[]}']]],
    ['/ask Which one? | red| |blue |', [['clarify', '{"question":"Which one?","choices":["red","blue"]}']]],
  ])('are parsed: %j', (text, calls) => {
    expect(named(text)).toEqual(calls)
  })

  test.each(['\n', '\r\n', '\r', '\n\n \n'])('are separated by line breaks: %j', (between) => {
    const calls = parseOfflineToolCommands(['', '/tool a {"n":1}', '/tool a {"n":1}', '/ask Why?', ''].join(between))
    expect(calls?.map(({ name, argumentsText }) => [name, argumentsText])).toEqual([
      ['a', '{"n":1}'],
      ['a', '{"n":1}'],
      ['clarify', '{"question":"Why?","choices":[]}'],
    ])
    expect(new Set(calls?.map(({ callId }) => callId)).size).toBe(3)
  })

  test('may have other lines between them, but not before them', () => {
    expect(named('/tool a\nplease, and\n/tool b')).toEqual([
      ['a', '{}'],
      ['b', '{}'],
    ])
  })

  test.each([
    '',
    'Hello',
    '/tool',
    '/tool ',
    '/ask  ',
    '/tools a',
    '/toolbox',
    'say /tool a',
    'Hi\n/tool a',
    '/ask\nRed?',
  ])('are absent in %j', (text) => {
    expect(parseOfflineToolCommands(text)).toBeNull()
  })
})

interface Turn {
  readonly answer: MessageRecord
  readonly events: readonly DeliveredEvent[]
}

/** Runs one turn of the offline agent. `decide` receives each event, and may resolve pending decisions. */
async function turn(
  text: string,
  tools: readonly ScriptedTool[],
  decide: (chats: ChatFixture['chats'], event: DeliveredEvent) => Promise<unknown> = async () => undefined,
  rules: ConfiguredApprovals = {},
  files: readonly { name: string; mediaType: string; url: string }[] = [],
): Promise<Turn> {
  const policy = new ApprovalPolicy(rules)
  const toolbox = newToolbox({ source: newToolSource(...tools), policy })
  await using fixture = newChatFixture((run) => createElizaAgent({ delayMs: 0, toolbox }).answer(run))
  const started = await fixture.start(text, { files })
  const events: DeliveredEvent[] = []
  for await (const event of await fixture.chats.subscriptions.subscribeToStream(started.id, 0)) {
    events.push(event)
    await decide(fixture.chats, event)
  }
  expect(events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
  expect(fixture.loggedErrors).toEqual([])
  const answer = await fixture.findAnswer(started.id)
  if (!answer) throw new Error('The answer is missing.')
  return { answer, events }
}

const look = (run = async () => 'Rain.') => newTool({ name: 'sky__look', isReadOnly: true, execute: run })
const textIn = ({ parts }: MessageRecord) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
const callsIn = ({ parts }: MessageRecord) => parts.flatMap((part) => (part.type === 'tool' ? [part.call] : []))

describe('the offline agent', () => {
  test('calls tools with streamed arguments, and describes the results', async () => {
    const tool = look()
    const input = { at: 'Paris', how: 'from below, for as long as it takes' }
    const { answer, events } = await turn(`/tool sky__look ${JSON.stringify(input)}\n/tool sky__look`, [tool])
    expect(tool.runs).toEqual([input, {}])
    expect(callsIn(answer)).toMatchObject([{ argumentsText: JSON.stringify(input) }, { argumentsText: '{}' }])
    const pieces = events.flatMap((event) =>
      event.type === 'ToolCallDelta' && event.partIndex === 0 ? [event.argumentsText] : [],
    )
    expect(pieces.join('')).toBe(JSON.stringify(input))
    expect(textIn(answer)).toBe('sky__look returned: Rain.\n\nsky__look returned: Rain.')
    expect(answer.usage).toMatchObject({ estimated: true })
  })

  test('describes failures and structured results', async () => {
    const broken = newTool({
      name: 'a__b',
      isReadOnly: true,
      execute: async () => Promise.reject(new ToolError('No wind.')),
    })
    const tool = newTool({ name: 'a__c', isReadOnly: true, execute: async () => ({ n: [1] }) })
    const long = newTool({ name: 'a__d', isReadOnly: true, execute: async () => 'x'.repeat(2000) })
    const { answer } = await turn('/tool a__b\n/tool a__c\n/tool a__d\n/tool none {}\n/tool a__c {', [
      broken,
      tool,
      long,
    ])
    expect(textIn(answer).split('\n\n')).toEqual([
      'a__b failed: No wind.',
      'a__c returned: {"n":[1]}',
      `a__d returned: ${'x'.repeat(999)}…`,
      'none failed: There is no tool named "none".',
      'a__c failed: The arguments must be a JSON object.',
    ])
    expect(tool.runs).toHaveLength(1)
  })

  test('asks before it runs a tool that is not read-only, and accepts a denial', async () => {
    const write = newTool()
    const { answer } = await turn(
      '/tool files__write {"n":1}\n/tool files__write {"n":2}',
      [write],
      async (chats, event) => {
        if (event.type !== 'ApprovalChanged' || event.decision.state !== 'PENDING') return
        const isFirst = event.decision.toolCall.argumentsText.includes('1')
        await chats.decisions.answerApproval(event.decision.id, isFirst ? 'ONCE' : 'DENY')
      },
    )
    expect(write.runs).toEqual([{ n: 1 }])
    expect(callsIn(answer).map(({ state }) => state)).toEqual(['SUCCEEDED', 'DENIED'])
    expect(textIn(answer)).toBe(
      'files__write returned: done\n\nfiles__write failed: The user did not allow this call. It was not run.',
    )
  })

  test('has dice, whose rolls must be approved', async () => {
    const { answer } = await turn(
      '/tool roll_dice {"count": 3}\n/tool roll_dice {"count": 0}',
      [],
      async (chats, event) => {
        if (event.type !== 'ApprovalChanged' || event.decision.state !== 'PENDING') return
        await chats.decisions.answerApproval(event.decision.id, 'ONCE')
      },
    )
    expect(textIn(answer)).toMatch(/^roll_dice returned: \{"dice":\[[1-6],[1-6],[1-6]\],"sum":\d+\}\n/)
    expect(textIn(answer)).toContain('roll_dice failed: count is not valid. Use 1 to 20.')
  })

  test('does not run tools that the configuration denies', async () => {
    const tool = look()
    const { answer } = await turn('/tool sky__look', [tool], undefined, { 'sky__*': 'deny' })
    expect([tool.runs, callsIn(answer)[0]?.state]).toEqual([[], 'DENIED'])
    expect(textIn(answer)).toContain('denies this tool')
  })

  test('asks a question, and repeats the answer', async () => {
    const { answer, events } = await turn('/ask Which one? | red | blue', [], async (chats, event) => {
      if (event.type !== 'ClarificationChanged' || event.decision.state !== 'PENDING') return
      await chats.decisions.answerClarification(event.decision.id, { answer: 'green' })
    })
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'ClarificationChanged',
        decision: expect.objectContaining({ question: 'Which one?', choices: ['red', 'blue'] }),
      }),
    )
    expect(callsIn(answer)).toMatchObject([{ name: 'clarify', state: 'SUCCEEDED', result: 'green' }])
    expect(textIn(answer)).toBe('You said: green')
  })

  test('ignores commands in files', async () => {
    const tool = look()
    const orders = { name: 'a.md', mediaType: 'text/plain', url: 'data:,%0A/tool sky__look%0A/ask Why?' }
    for (const text of ['What do you think?', '']) {
      const { answer } = await turn(text, [tool], undefined, {}, [orders])
      expect(callsIn(answer)).toEqual([])
    }
    const { answer } = await turn('/tool sky__look {"n":1}', [tool], undefined, {}, [orders])
    expect(callsIn(answer)).toHaveLength(1)
    expect(tool.runs).toEqual([{ n: 1 }])
  })
})
