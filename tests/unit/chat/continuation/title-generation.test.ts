import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { AgentError, type GenerateTitleRequest, type GeneratedText } from '../../../../src/agent/agent.ts'
import { titleFromMessage, titleFromModelOutput } from '../../../../src/chat/turn/titles/derive-title.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import {
  type ChatFixture,
  type ScriptedAnswer,
  newLatch,
  newChatFixture,
  newChatFixtureWith,
} from '../../../support/fixtures/chats/agent-chats.ts'
import { drainEventLoop, textAnswer, hangingAnswer, runTurn } from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})
const usage = { ...noUsage, inputTokens: 11, outputTokens: 3, reasoningTokens: 2, cachedInputTokens: 1 }
const fromText = (text: string) => titleFromMessage([{ type: 'text', text }])
const file = (name: string | null) =>
  ({ type: 'file', mediaType: 'text/plain', name, url: 'https://a.example/b' }) as const

/** Scripted titles, one per request; the last one serves all further requests. */
function titled(...scripts: ((run: GenerateTitleRequest) => Promise<GeneratedText | null>)[]) {
  const runs: GenerateTitleRequest[] = []
  const generateTitle = (run: GenerateTitleRequest) => {
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

describe('the title from a message', () => {
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
    // An emoji of three characters, and a word with a zero-width non-joiner.
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['می‌خواهم', 'می‌خواهم'],
  ])('%j is %j', (text, title) => {
    expect(fromText(text)).toBe(title)
  })

  test.each(['', ' \n\t ', '\u200b\u200d', '#\n>'])('%j is null', (text) => {
    expect(fromText(text)).toBeNull()
  })

  test('has at most 80 characters, and ends at the end of a word if possible', () => {
    expect(fromText('x'.repeat(80))).toBe('x'.repeat(80))
    expect(fromText('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`)
    expect(fromText(`${'word '.repeat(15)}${'x'.repeat(20)}`)).toBe(`${'word '.repeat(15).trim()}…`)
    expect(fromText(`a ${'x'.repeat(90)}`)).toBe(`a ${'x'.repeat(77)}…`)
    // No surrogate pair is split.
    expect(fromText(`x${'😀'.repeat(50)}`)).toBe(`x${'😀'.repeat(39)}…`)
    expect(fromText('😀'.repeat(50))).toBe(`${'😀'.repeat(39)}…`)
  })

  test.each([
    ['the flag of England', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 trip', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 trip'],
    ['the sign of a verse', 'آية \u06dd\u0661', 'آية \u06dd\u0661'],
    ['a flag with hidden tags', '🏴\u{e0061}\u{e0062}\u{e007f} trip', '🏴 trip'],
    ['hidden tags', 'a\u{e0061}\u{e0062}b', 'ab'],
    ['families', '👨‍👩‍👧‍👦'.repeat(12), `${'👨‍👩‍👧‍👦'.repeat(7)}…`],
    ['flags', '🇩🇪'.repeat(30), `${'🇩🇪'.repeat(19)}…`],
  ])('keeps whole characters: %s', (_, text, title) => {
    expect(fromText(text)).toBe(title)
  })

  test('is the name of the first file if there is no text', () => {
    expect(titleFromMessage([file('trees.txt'), file('more.txt')])).toBe('trees.txt')
    expect(titleFromMessage([{ type: 'text', text: 'Look' }, file('trees.txt')])).toBe('Look')
    expect(titleFromMessage([file(null), file('more.txt')])).toBe('more.txt')
    expect(titleFromMessage([file(null)])).toBeNull()
    expect(titleFromMessage([])).toBeNull()
  })
})

describe('the title from the output of a model', () => {
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
  ])('%j is %j', (written, title) => {
    expect(titleFromModelOutput(written)).toBe(title)
  })

  test.each(['', ' \n ', '""', '**.**', 'Title:'])('%j is null', (written) => {
    expect(titleFromModelOutput(written)).toBeNull()
  })
})

describe('the first message', () => {
  test('sets the title at once, in a new and in an existing session', async () => {
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

  test('keeps an existing title, and so does every later message', async () => {
    await using chats = newChatFixture(textAnswer('Yes.'))
    const { id } = await chats.sessions.create({ title: 'Mine', model: null, continues: null })
    await runTurn(chats, id, 'Hello')
    expect(await titleOf(chats, id)).toEqual({ title: 'Mine', titleSource: 'PERSON' })
    const other = await runTurn(chats, null, 'First')
    await runTurn(chats, other, 'Second')
    expect(await titleOf(chats, other)).toEqual({ title: 'First', titleSource: 'MESSAGE' })
  })

  test('leaves the title to the next message if it has no text', async () => {
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

describe('a generated title', () => {
  test('replaces the first one after the first answer, once, with an event and its usage', async () => {
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

  test('is requested after the first complete answer, whatever was sent before', async () => {
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
    const messages = JSON.stringify(runs[0]?.messages)
    expect(messages).toMatch(/One.*Half.*Two.*Whole\./)
    expect(messages).not.toContain('Three')
    expect((await titleOf(chats, id)).title).toBe('Trees')
  })

  test('is not requested if it is turned off, or a person has set a title', async () => {
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

  test('that arrives late does not replace the title of a person, but its usage counts', async () => {
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
    // The usage is added without an activity.
    expect(await chats.requireSession(id)).toMatchObject({ usage: { inputTokens: 16 }, lastActivityAt })
    // A newer title of a person replaces the older one.
    const other = { title: 'Other', titleSource: 'PERSON' } as const
    const { headSeq: head } = await chats.requireSession(id)
    await chats.profile.eventStore.append({ sessionId: id, expectedHeadSeq: head, events: [], sessionPatch: other })
    expect(await titleOf(chats, id)).toEqual(other)
  })

  test('that arrives late appends no event to a continued session', async () => {
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

  test('that arrives during a compaction comes before the last event of the session, or not at all', async () => {
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
  ])('is left out if the model %s', async (_, script, errorCount) => {
    const { runs, options } = titled(script)
    await using chats = newChatFixtureWith(options, textAnswer('Yes.'))
    const id = await runTurn(chats, null, 'Hello')
    await drainEventLoop()
    await runTurn(chats, id, 'Again')
    await drainEventLoop()
    expect(runs).toHaveLength(1)
    expect(chats.loggedErrors).toHaveLength(errorCount)
    expect(await titleOf(chats, id)).toEqual({ title: 'Hello', titleSource: 'MESSAGE' })
    await chats.chats.close()
    expect(chats.loggedErrors).toHaveLength(errorCount)
    expect(runs[0]?.signal.aborted).toBe(true)
  })

  test('is requested again when the first turn is regenerated', async () => {
    const { runs, options } = titled(() => Promise.reject(new AgentError('RATE_LIMIT', 'No.')), writes('Better'))
    await using chats = newChatFixtureWith(options, textAnswer('Yes.'))
    const id = await runTurn(chats, null, 'Hello')
    await drainEventLoop()
    const [question] = await chats.profile.segueSessions.loadContextMessages(id)
    const again = await chats.chats.regenerate(question?.id ?? '', {})
    await chats.follow(again.id)
    await drainEventLoop()
    expect(runs).toHaveLength(2)
    expect(await titleOf(chats, again.sessionId)).toEqual({ title: 'Better', titleSource: 'MODEL' })
    expect(await titleOf(chats, id)).toEqual({ title: 'Hello', titleSource: 'MESSAGE' })
  })

  test('leaves no listener on the signal of the service', async () => {
    const signals: AbortSignal[] = []
    const generateTitle = async ({ signal }: { readonly signal: AbortSignal }) => {
      signals.push(signal)
      return { text: 'Birds', usage: noUsage }
    }
    await using chats = newChatFixtureWith(
      { generateTitles: true, textGenerator: { generateTitle } },
      textAnswer('Yes.'),
    )
    for (let count = 0; count < 3; count += 1) await runTurn(chats)
    await drainEventLoop()
    expect(signals).toHaveLength(3)
    expect(getEventListeners(signals[0] ?? new EventTarget(), 'abort')).toEqual([])
  })
})
