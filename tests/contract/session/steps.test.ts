import { describe, expect, test } from 'vitest'
import {
  cancelStream,
  type ChatEvent,
  expectReplay,
  followStream,
  isEventOfType,
  loadEvents,
  never,
  startChat,
  streamToEnd,
} from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { foldParts } from '../support/fold.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { readUntil, requireNonNull } from '../support/typed-client.ts'
import { toolCallSteps } from '../../support/providers/strict-provider.ts'

const usage = { usage: { input: 3, output: 2 } } as const
const callSteps = [{ reasoning: 'Hm' }, ...toolCallSteps({ name: 'look', input: {} })] as const

function describeEvents(events: readonly ChatEvent[]): string[] {
  return events.map((event) => ('partIndex' in event ? `${event.type} ${event.partIndex}` : event.type))
}

/** The parts without what they say, which other tests compare. */
function listOrigins(parts: readonly { step: number; startedAt?: string | null; endedAt?: string | null }[]) {
  return parts.map(({ step, startedAt, endedAt }) => ({ step, startedAt, endedAt }))
}

/** Each delta tells the step and the start of its part, also one that is coalesced of several. */
function expectOriginsOfDeltas(
  events: readonly ChatEvent[],
  parts: readonly Parameters<typeof listOrigins>[0][number][],
) {
  const deltas = events.flatMap((event) => ('startedAt' in event && 'partIndex' in event ? event : []))
  for (const { partIndex, step, startedAt } of deltas)
    expect({ step, startedAt }).toMatchObject({ step: parts[partIndex]?.step, startedAt: parts[partIndex]?.startedAt })
}

describe.each(transports)('The steps of an answer, over %s,', (transport) => {
  test('and its parts end in the log, which tells when each part began and ended', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue(callSteps)
    provider.enqueue([{ text: 'Done.' }, { finish: 'stop' }, usage])
    const { events, end } = await streamToEnd(client, { text: 'Look' })
    const [, first] = describeEvents(events)
    expect(first).toBe('ReasoningDelta 0')
    expect(describeEvents(events).filter((name) => !name.includes('Delta'))).toEqual([
      'StreamStarted',
      'PartFinished 0',
      'StepFinished',
      'ToolCallChanged 1',
      'ToolCallChanged 1',
      'PartFinished 1',
      'PartFinished 2',
      'StepFinished',
      'StreamFinished',
    ])
    expect(events.filter(isEventOfType('StepFinished'))).toMatchObject([
      { step: 0, finishReason: 'TOOL_CALLS', usage: { inputTokens: 10, outputTokens: 5 } },
      { step: 1, finishReason: 'STOP', usage: { inputTokens: 3, outputTokens: 2 } },
    ])

    const { parts } = requireNonNull(end.message)
    expect(parts.map(({ step }) => step)).toEqual([0, 0, 1])
    const ends = events.filter(isEventOfType('PartFinished'))
    for (const { partIndex, messageId, at } of ends) {
      expect(messageId).toBe(end.message?.id)
      expect(parts[partIndex]?.endedAt).toBe(at)
    }
    for (const part of parts)
      expect(Date.parse(part.startedAt ?? '')).toBeLessThanOrEqual(Date.parse(part.endedAt ?? ''))
    expect(foldParts(events)).toEqual(parts)
  })

  test('are the same when they are read again, whole or from any event on', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue(callSteps)
    provider.enqueue([{ text: 'One ' }, { text: 'two ' }, { text: 'three' }, { finish: 'stop' }, usage])
    const { events, end } = await streamToEnd(client, { text: 'Look' })
    expectReplay(await loadEvents(client, end.sessionId), events)
    for (const { seq } of events.slice(0, -1)) {
      const { received } = await readUntil(followStream(client, end.stream.id, seq), isEventOfType('StreamFinished'))
      expectReplay(received, events, seq)
      expectOriginsOfDeltas(received, requireNonNull(end.message).parts)
    }
    expectOriginsOfDeltas(events, requireNonNull(end.message).parts)
  })

  test('have no end where they are cut off, but their parts have', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ reasoning: 'Hm' }, { text: 'Half' }, { wait: never }])
    const { id } = await startChat(client, { text: 'Talk' })
    const { received } = await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    const cancelled = await cancelStream(client, id)
    const { received: all } = await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
    expect(all.filter(isEventOfType('StepFinished'))).toEqual([])
    expect(describeEvents(all).slice(-2)).toEqual(['PartFinished 1', 'StreamFinished'])
    expect(listOrigins(foldParts(all))).toEqual(listOrigins(requireNonNull(cancelled.message).parts))
    expect(foldParts(received)).toMatchObject([
      { step: 0, endedAt: expect.any(String) },
      { step: 0, endedAt: null },
    ])
  })
})
