import { describe, expect, test } from 'vitest'
import { AgentError, type GenerateTextRequest, type GeneratedText } from '../../../../src/agent/agent.ts'
import { titleFromMessage, titleFromModelOutput } from '../../../../src/chat/turn/derive-title.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import {
  type ChatFixture,
  type ScriptedAnswer,
  newLatch,
  newChatFixture,
  newChatFixtureWith,
} from '../../../support/fixtures/agent-chats.ts'
import { drainEventLoop, textAnswer, hangingAnswer, runTurn } from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})
const usage = { ...noUsage, inputTokens: 11, outputTokens: 3, reasoningTokens: 2, cachedInputTokens: 1 }
const fromText = (text: string) => titleFromMessage([{ type: 'text', text }])
const file = (name: string | null) =>
  ({ type: 'file', mediaType: 'text/plain', name, url: 'https://a.example/b' }) as const

/** Titles as a test scripts them: each request has the next, the last one all that come after it. */
function titled(...scripts: ((run: GenerateTextRequest) => Promise<GeneratedText | null>)[]) {
  const runs: GenerateTextRequest[] = []
  const generateTitle = (run: GenerateTextRequest) => {
    runs.push(run)
    const script = scripts.length > 1 ? scripts.shift() : scripts[0]
    return script ? script(run) : Promise.reject(new Error('nothing was scripted'))
  }
  return { runs, options: { generateTitles: true, textGenerator: { generateTitle } } }
}

const writes = (text: string) => async (): Promise<GeneratedText> => ({ text, usage })

const titleOf = async (
  { requireSession }: ChatFixture,
  id: string,
): Promise<Pick<SessionRecord, 'title' | 'titleSource'>> => {
  const { title, titleSource } = await requireSession(id)
  return { title, titleSource }
}

describe('a title made of a message', () => {
  test.each([
    ['Why is the sky blue?', 'Why is the sky blue?'],
    ['  one \t line  ', 'one line'],
    ['\n\n  \r\n second line\nthird', 'second line'],
    ['# A heading\n\nand text', 'A heading'],
    ['> > quoted', 'quoted'],
    ['```ts\nconst a = 1\n```', 'const a = 1'],
    ['---\nafter a rule', 'after a rule'],
    ['```', '```'],
    ['a\u202eb\u0007c', 'ab c'],
    ['a\u2028b', 'a'],
    ['half \ud83d', 'half \ufffd'],
    // One picture of three, and a word that is joined.
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['می‌خواهم', 'می‌خواهم'],
  ])('of %j is %j', (text, title) => {
    expect(fromText(text)).toBe(title)
  })

  test.each(['', ' \n\t ', '\u200b\u200d', '#\n>'])('of %j there is none', (text) => {
    expect(fromText(text)).toBeNull()
  })

  test('has at most 80 characters, and ends with a whole word where there is one', () => {
    expect(fromText('x'.repeat(80))).toBe('x'.repeat(80))
    expect(fromText('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`)
    expect(fromText(`${'word '.repeat(15)}${'x'.repeat(20)}`)).toBe(`${'word '.repeat(15).trim()}…`)
    expect(fromText(`a ${'x'.repeat(90)}`)).toBe(`a ${'x'.repeat(77)}…`)
    // No half of a pair is left over.
    expect(fromText(`x${'😀'.repeat(50)}`)).toBe(`x${'😀'.repeat(39)}…`)
    expect(fromText('😀'.repeat(50))).toBe(`${'😀'.repeat(39)}…`)
  })

  test("is a file's name where nothing is said", () => {
    expect(titleFromMessage([file('trees.txt'), file('more.txt')])).toBe('trees.txt')
    expect(titleFromMessage([{ type: 'text', text: 'Look' }, file('trees.txt')])).toBe('Look')
    expect(titleFromMessage([file(null), file('more.txt')])).toBe('more.txt')
    expect(titleFromMessage([file(null)])).toBeNull()
    expect(titleFromMessage([])).toBeNull()
  })
})

describe('a title that a model wrote', () => {
  test.each([
    ['Trees of Europe', 'Trees of Europe'],
    ['"Trees of Europe."', 'Trees of Europe'],
    ['«Trees»', 'Trees'],
    ['„Bäume“', 'Bäume'],
    ['Title: Trees', 'Trees'],
    ['**Title:** Trees', 'Trees'],
    ['# Title: "Trees"', 'Trees'],
    ['**Trees**', 'Trees'],
    ['Trees\n\nI hope that this helps!', 'Trees'],
    [`Trees ${'x'.repeat(100)}`, `Trees ${'x'.repeat(73)}…`],
  ])('as %j is %j', (written, title) => {
    expect(titleFromModelOutput(written)).toBe(title)
  })

  test.each(['', ' \n ', '""', '**.**', 'Title:'])('as %j is none', (written) => {
    expect(titleFromModelOutput(written)).toBeNull()
  })
})

describe('the first message', () => {
  test('gives a session its title at once, whether it makes the session or not', async () => {
    await using chats = newChatFixture(hangingAnswer)
    const stream = await chats.start('# Why?\n\nBecause.')
    expect(await titleOf(chats, stream.sessionId)).toEqual({ title: 'Why?', titleSource: 'MESSAGE' })

    const { id } = await chats.sessions.create({ title: null, model: null, continues: null })
    expect(await titleOf(chats, id)).toEqual({ title: null, titleSource: null })
    const files = [{ name: 'trees.txt', mediaType: 'text/plain', url: 'data:,Oak' }]
    await chats.start('', { sessionId: id, files })
    expect(await titleOf(chats, id)).toEqual({ title: 'trees.txt', titleSource: 'MESSAGE' })
    // In the same transaction, without an event of its own.
    expect((await chats.readLog(id)).map(({ type }) => type)).toEqual(['StreamStarted'])
  })

  test('leaves a title that is there, and a later one leaves that of the first', async () => {
    await using chats = newChatFixture(textAnswer('Yes.'))
    const { id } = await chats.sessions.create({ title: 'Mine', model: null, continues: null })
    await runTurn(chats, id, 'Hello')
    expect(await titleOf(chats, id)).toEqual({ title: 'Mine', titleSource: 'PERSON' })
    const other = await runTurn(chats, null, 'First')
    await runTurn(chats, other, 'Second')
    expect(await titleOf(chats, other)).toEqual({ title: 'First', titleSource: 'MESSAGE' })
  })

  test('without a word to make one of leaves that to the next', async () => {
    await using chats = newChatFixture(textAnswer('Yes.'))
    const { sessionId: id, ...first } = await chats.start('', {
      files: [{ name: null, mediaType: 'text/plain', url: 'data:,Oak' }],
    })
    await chats.follow(first.id)
    expect(await titleOf(chats, id)).toEqual({ title: null, titleSource: null })
    await runTurn(chats, id, 'What is this?')
    expect(await titleOf(chats, id)).toEqual({ title: 'What is this?', titleSource: 'MESSAGE' })
  })
})

describe('the model', () => {
  test('gives a better one after the first answer, once, which the log tells and the usage counts', async () => {
    const { runs, options } = titled(writes('"Trees of Europe."'))
    const used = { inputTokens: 5, outputTokens: 1 }
    await using chats = newChatFixtureWith(options, textAnswer('Oaks.', used))
    const id = await runTurn(chats, null, 'Which trees?')
    await drainEventLoop()
    expect(runs.map(({ messages }) => messages)).toEqual([
      [
        { role: 'user', content: [{ type: 'text', text: 'Which trees?' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'Oaks.' }] },
      ],
    ])
    const titled1 = { title: 'Trees of Europe', titleSource: 'MODEL' }
    expect(await titleOf(chats, id)).toEqual(titled1)
    const log = await chats.readLog(id)
    expect(log.at(-1)).toMatchObject({ type: 'SessionChanged', streamId: null })
    expect(await chats.requireSession(id)).toMatchObject({
      headSeq: log.length,
      usage: { ...usage, inputTokens: 16, outputTokens: 4 },
    })
    await runTurn(chats, id, 'And bushes?')
    await drainEventLoop()
    expect(runs).toHaveLength(1)
    expect(await titleOf(chats, id)).toEqual(titled1)
    expect(chats.loggedErrors).toEqual([])
  })

  test('is asked after the first answer that is whole, whatever else was said by then', async () => {
    const { runs, options } = titled(writes('Trees'))
    const held = newLatch()
    const cut: ScriptedAnswer = async function* () {
      yield { type: 'text', block: '1', text: 'Half' }
      throw new AgentError('PROVIDER', 'It broke.')
    }
    const slow: ScriptedAnswer = async function* () {
      yield { type: 'text', block: '1', text: 'Whole.' }
      await held.opened
    }
    const last: ScriptedAnswer = async function* () {
      yield { type: 'text', block: '1', text: 'More' }
      await forever
    }
    await using chats = newChatFixtureWith(options, cut, slow, last)
    const id = await runTurn(chats, null, 'One')
    await drainEventLoop()
    expect(runs).toEqual([])
    const second = await chats.start('Two', { sessionId: id })
    await chats.start('Three', { sessionId: id, ifBusy: 'QUEUE' })
    held.open()
    await chats.follow(second.id)
    await drainEventLoop()
    expect(runs).toHaveLength(1)
    const asked = JSON.stringify(runs[0]?.messages)
    expect(asked).toMatch(/One.*Half.*Two.*Whole\./)
    expect(asked).not.toContain('Three')
    expect((await titleOf(chats, id)).title).toBe('Trees')
  })

  test('is not asked where that is turned off, and not where a person gave one', async () => {
    const { runs, options } = titled(writes('Trees'))
    await using off = newChatFixtureWith({ ...options, generateTitles: false }, textAnswer('Yes.'))
    await runTurn(off)
    await drainEventLoop()
    await using chats = newChatFixtureWith(options, textAnswer('Yes.'))
    const { id } = await chats.sessions.create({ title: 'Mine', model: null, continues: null })
    await runTurn(chats, id)
    await drainEventLoop()
    expect(runs).toEqual([])
    expect(await titleOf(chats, id)).toEqual({ title: 'Mine', titleSource: 'PERSON' })
  })

  test('that is late never replaces what a person chose meanwhile, and is counted all the same', async () => {
    const held = newLatch()
    const { options } = titled(async () => {
      await held.opened
      return { text: 'Late', usage }
    })
    await using chats = newChatFixtureWith(options, textAnswer('Yes.', { inputTokens: 5 }))
    const id = await runTurn(chats)
    await drainEventLoop()
    const { headSeq, lastActivityAt } = await chats.requireSession(id)
    const change = { title: 'Mine', titleSource: 'PERSON' } as const
    await chats.profile.eventStore.append({ sessionId: id, expectedHeadSeq: headSeq, events: [], sessionPatch: change })
    held.open()
    await drainEventLoop()
    expect(await titleOf(chats, id)).toEqual(change)
    // It is no activity either.
    expect(await chats.requireSession(id)).toMatchObject({ usage: { inputTokens: 16 }, lastActivityAt })
    // And a person's gives way to a person's.
    const other = { title: 'Other', titleSource: 'PERSON' } as const
    const { headSeq: head } = await chats.requireSession(id)
    await chats.profile.eventStore.append({ sessionId: id, expectedHeadSeq: head, events: [], sessionPatch: other })
    expect(await titleOf(chats, id)).toEqual(other)
  })

  test('that is late adds no event behind the last one of a session that was continued', async () => {
    const held = newLatch()
    const { options } = titled(async () => {
      await held.opened
      return { text: 'Late', usage }
    })
    const textGenerator = { ...options.textGenerator, generateSummary: writes('In short.') }
    await using chats = newChatFixtureWith({ ...options, textGenerator: textGenerator }, textAnswer('Yes.'))
    const id = await runTurn(chats)
    await drainEventLoop()
    const next = await chats.chats.compact(id, null)
    held.open()
    await drainEventLoop()
    expect((await chats.readLog(id)).at(-1)).toMatchObject({ type: 'SessionContinued', toId: next.id })
    expect((await chats.requireSession(id)).usage.inputTokens).toBeGreaterThanOrEqual(11)
    expect(chats.loggedErrors).toEqual([])
  })

  test('that is late while the session is being compacted comes before its last event or not at all', async () => {
    const late = newLatch()
    const slow = newLatch()
    const { options } = titled(async () => {
      await late.opened
      return { text: 'Late', usage }
    })
    const generateSummary = async () => {
      await slow.opened
      return { text: 'In short.', usage }
    }
    await using chats = newChatFixtureWith(
      { ...options, textGenerator: { ...options.textGenerator, generateSummary: generateSummary } },
      textAnswer('Yes.'),
    )
    const id = await runTurn(chats)
    await drainEventLoop()
    const done = chats.chats.compact(id, null)
    await drainEventLoop()
    late.open()
    await drainEventLoop()
    slow.open()
    const next = await done
    await drainEventLoop()
    const log = await chats.readLog(id)
    expect(log.at(-1)).toMatchObject({ type: 'SessionContinued', toId: next.id })
    expect((await chats.requireSession(id)).headSeq).toBe(log.length)
  })

  test.each([
    ['fails', () => Promise.reject(new AgentError('RATE_LIMIT', 'Too many.')), 1],
    ['has none', async () => null, 0],
    ['writes nothing of use', writes('"."'), 0],
    ['never answers', () => forever, 0],
  ])('that %s harms nothing', async (_, script, problems) => {
    const { runs, options } = titled(script)
    await using chats = newChatFixtureWith(options, textAnswer('Yes.'))
    const id = await runTurn(chats, null, 'Hello')
    await drainEventLoop()
    await runTurn(chats, id, 'Again')
    await drainEventLoop()
    expect(runs).toHaveLength(1)
    expect(chats.loggedErrors).toHaveLength(problems)
    expect(await titleOf(chats, id)).toEqual({ title: 'Hello', titleSource: 'MESSAGE' })
    await chats.chats.close()
    expect(chats.loggedErrors).toHaveLength(problems)
    expect(runs[0]?.signal.aborted).toBe(true)
  })

  test('is asked once more in a second try of the first turn, whose title is a message', async () => {
    const { runs, options } = titled(() => Promise.reject(new AgentError('RATE_LIMIT', 'No.')), writes('Better'))
    await using chats = newChatFixtureWith(options, textAnswer('Yes.'))
    const id = await runTurn(chats, null, 'Hello')
    await drainEventLoop()
    const [question] = await chats.profile.segueSessions.loadContextMessages(id)
    const again = await chats.chats.regenerate(question?.id ?? '', null, null)
    await chats.follow(again.id)
    await drainEventLoop()
    expect(runs).toHaveLength(2)
    expect(await titleOf(chats, again.sessionId)).toEqual({ title: 'Better', titleSource: 'MODEL' })
    expect(await titleOf(chats, id)).toEqual({ title: 'Hello', titleSource: 'MESSAGE' })
  })
})
