import type { ModelMessage } from 'ai'
import { describe, expect, test } from 'vitest'
import type { AgentEvent, AgentRun } from '../../../../src/agent/agent.ts'
import { createElizaAgent } from '../../../../src/agent/offline/eliza-agent.ts'
import { answerAsEliza } from '../../../../src/agent/offline/eliza.ts'
import { unscaledTokenCounter } from '../../../../src/agent/tokens/token-counter.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

const question: ModelMessage = { role: 'user', content: 'Who are you?' }

const toolbox = newToolbox()

function run(messages: readonly ModelMessage[], signal = new AbortController().signal): AgentRun {
  return newAgentRun({ model: 'eliza', loadHistory: async () => messages, signal })
}

async function answer(messages: readonly ModelMessage[], delayMs = 0): Promise<AgentEvent[]> {
  return Array.fromAsync(createElizaAgent({ delayMs, toolbox }).answer(run(messages)))
}

function textOf(events: readonly AgentEvent[], type: 'text' | 'reasoning'): string {
  return events.flatMap((event) => (event.type === type ? event.text : [])).join('')
}

describe('the offline agent', () => {
  test('yields a step, its rule, its reply and estimated usage', async () => {
    const events = await answer([question])
    const kinds = events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1])
    expect(kinds).toEqual(['step', 'reasoning', 'text', 'finish', 'usage'])
    const inputTokens = unscaledTokenCounter.countMessages([question])
    expect(events[0]).toEqual({ type: 'step', estimatedInputTokens: inputTokens })
    expect(events.at(-1)).toMatchObject({ usage: { estimated: true, inputTokens, cachedInputTokens: 0 } })
  })

  test('yields its trace and reply with one word per event', async () => {
    const events = await answer([question])
    const { reply, trace } = answerAsEliza(['Who are you?'])
    expect(textOf(events, 'text')).toBe(reply)
    expect(textOf(events, 'reasoning')).toBe(trace.join(' '))
    for (const event of events) if (event.type === 'text') expect(event.text).toMatch(/^\S+\s?$/)
  })

  test("uses only the user's messages, as text or as parts", async () => {
    const events = await answer([
      { role: 'system', content: 'My mother' },
      { role: 'user', content: 'My cat is ill' },
      { role: 'assistant', content: [{ type: 'text', text: 'My father' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'H' },
          { type: 'file', data: new URL('https://example.com/a.png'), mediaType: 'image/png' },
          { type: 'text', text: 'm' },
        ],
      },
    ])
    expect(textOf(events, 'text')).toBe(answerAsEliza(['My cat is ill', 'H\nm']).reply)
  })

  test('repeats its instructions if it is asked for them', async () => {
    const ask: ModelMessage = { role: 'user', content: '/instructions' }
    const events = await answer([{ role: 'system', content: 'Be kind.\n\nBe brief.' }, question, ask])
    expect(textOf(events, 'text')).toBe(
      'These are my instructions, which a model would follow:\n\nBe kind.\n\nBe brief.',
    )
    expect(textOf(await answer([ask]), 'text')).toBe('I have no instructions.')
  })

  test('answers even if there is no text', async () => {
    expect(textOf(await answer([]), 'text')).not.toBe('')
  })

  test('waits for the delay between two words', async () => {
    const began = performance.now()
    const words = (await answer([{ role: 'user', content: 'Hello' }], 5)).length - 2
    expect(performance.now() - began).toBeGreaterThanOrEqual((words - 1) * 4)
  })

  test('ends at once when it is aborted during a delay, without an error and usage', async () => {
    const stop = new AbortController()
    const events: AgentEvent[] = []
    const began = performance.now()
    for await (const event of createElizaAgent({ delayMs: 60_000, toolbox }).answer(run([question], stop.signal))) {
      events.push(event)
      if (event.type === 'reasoning') void yieldToEventLoop().then(() => stop.abort())
    }
    expect(events.map((event) => event.type)).toEqual(['step', 'reasoning'])
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  test('yields no word if the signal has already aborted', async () => {
    const events = await Array.fromAsync(
      createElizaAgent({ delayMs: 0, toolbox }).answer(run([question], AbortSignal.abort())),
    )
    expect(events.map((event) => event.type)).toEqual(['step'])
  })

  test('yields to the event loop without a delay', async () => {
    let turns = 0
    const over = new AbortController()
    const count = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await yieldToEventLoop()
        turns++
      }
    }
    const counting = count()
    await answer([question])
    over.abort()
    await counting
    expect(turns).toBeGreaterThan(5)
  })
})
