import { expect, test } from 'vitest'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { HermesChat, hermesSummary, hermesTaskList, mergedHermesSummary } from '../../../support/hermes/hermes-chat.ts'
import type { HermesRow } from '../../../support/hermes/hermes-db.ts'
import { firstPage, lastPage, newDb, newReader } from '../../../support/hermes/hermes-fixtures.ts'

function newChat() {
  const hermes = newDb(undefined, 'v22')
  // Rows of other sessions are between those of this one.
  hermes.addSession('other')
  hermes.addMessage('other', 1, { content: 'elsewhere' })
  const chat = new HermesChat(hermes, 's')
  const { reader } = newReader(hermes.path)
  return { hermes, chat, reader, list: () => reader.listMessages('s', firstPage(999)) }
}

function summary(text: string, role = 'assistant'): HermesRow {
  return { role, content: hermesSummary(text) }
}

/** The texts of messages, and the results of tools; a summary by its own words, in brackets. */
function describeMessages(messages: readonly MessageRecord[]): string[] {
  return messages.map(({ parts, kind }) => {
    const text = parts
      .map((part) => (part.type === 'text' ? part.text : part.type === 'tool' ? String(part.call.result) : part.type))
      .join('|')
    return kind === 'SUMMARY' ? `(${/\n(S\d)\n/.exec(text)?.[1] ?? text})` : text
  })
}

function turns(...numbers: readonly number[]): string[] {
  return numbers.flatMap((number) => [`u${number}`, `a${number}`])
}

/** The last messages, with those before them replaced by a summary that the first of them is merged into. */
function mergeInto([first, ...rest]: readonly HermesRow[], text: string): HermesRow[] {
  return [{ ...first, content: mergedHermesSummary(String(first?.content), text) }, ...rest]
}

/** What Hermes leaves of an old tool call or result. */
function shorten(row: HermesRow): HermesRow {
  if (row.role === 'tool') return { ...row, content: '[look] 1 line' }
  return row.tool_calls ? { ...row, tool_calls: String(row.tool_calls).replace('everywhere', '…') } : row
}

interface Scenario {
  readonly name: string
  readonly play: (chat: HermesChat) => void
  readonly shown: readonly string[]
}

const scenarios: readonly Scenario[] = [
  {
    name: 'the first and the last messages are copied',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4, 5)
      chat.compact([...chat.live.slice(0, 3), summary('S1'), ...chat.live.slice(-4)])
      chat.addTurns(6)
    },
    shown: [...turns(1, 2, 3, 4, 5), '(S1)', ...turns(6)],
  },
  {
    name: 'a compaction before a turn inserts its message',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.compact([summary('S1'), ...chat.live.slice(-3), { role: 'user', content: 'u4' }])
      chat.add({ role: 'assistant', content: 'a4' })
    },
    shown: [...turns(1, 2, 3), '(S1)', ...turns(4)],
  },
  {
    name: 'a message inserted before a turn is one that was said before',
    play: (chat) => {
      const ok = { role: 'assistant', content: 'ok' }
      for (const content of ['u1', 'go on', 'u3', 'u4']) {
        chat.add({ role: 'user', content })
        chat.add(ok)
      }
      chat.compact([summary('S1', 'user'), ok, { role: 'user', content: 'u4' }, ok, { role: 'user', content: 'go on' }])
      chat.add(ok)
      chat.compact([summary('S2', 'user'), ok, { role: 'user', content: 'u4' }])
    },
    shown: ['u1', 'ok', 'go on', 'ok', 'u3', 'ok', 'u4', 'ok', '(S1)', 'go on', 'ok', '(S2)', 'u4'],
  },
  {
    name: "the user's last message is inserted again between copies that are all the assistant's",
    play: (chat) => {
      chat.addToolTurns(1)
      chat.addToolTurns(2)
      const [question = {}, call = {}, result = {}, answer = {}] = chat.live.slice(-4)
      chat.compact([summary('S1', 'user'), call, result, question, answer])
      chat.addTurns(3)
      chat.compact([...mergeInto([question, answer], 'S2'), ...chat.live.slice(-2)])
    },
    shown: ['u1', 'found 1', 'a1', 'u2', 'found 2', 'a2', '(S1)', ...turns(3), '(S2)'],
  },
  {
    name: "the user's last message is inserted again beside its copy with a summary",
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      const question = chat.live.at(-2) ?? {}
      chat.compact([question, ...mergeInto(chat.live.slice(-2), 'S1')])
      chat.addTurns(4)
      chat.compact([question, summary('S2'), ...chat.live.slice(-2)])
    },
    shown: [...turns(1, 2, 3), '(S1)', ...turns(4), '(S2)'],
  },
  {
    name: 'an older merged summary among the first messages, whose call was shortened, before messages with their times',
    play: (chat) => {
      chat.addToolTurns(1, 2)
      chat.compact([...mergeInto(chat.live.slice(-3, -2), 'S1'), ...chat.live.slice(-2)])
      chat.addTurns(3, 4)
      chat.resume()
      chat.addTurns(5)
      const [first = {}, ...rest] = chat.live
      chat.compact([shorten(first), ...rest.slice(0, 2), summary('S2'), ...chat.live.slice(-4)])
      chat.addTurns(6)
    },
    shown: ['u1', 'found 1', 'a1', 'u2', 'found 2', 'a2', '(S1)', ...turns(3, 4, 5), '(S2)', ...turns(6)],
  },
  {
    name: 'undo reaches into the first messages, which were said again later',
    play: (chat) => {
      for (const content of ['u1', 'go on', 'u3', 'u4', 'go on', 'u6']) chat.add({ role: 'user', content })
      chat.compact([...chat.live.slice(0, 2), summary('S1'), ...chat.live.slice(-1)])
      chat.undo(3)
    },
    shown: ['u1'],
  },
  {
    name: 'undo reaches into the copies',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4, 5)
      chat.compact([...chat.live.slice(0, 3), summary('S1'), ...chat.live.slice(-4)])
      chat.undo(2)
      chat.addTurns(9)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(9)],
  },
  {
    name: 'undo reaches past the copies and the summary',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4, 5)
      chat.compact([...chat.live.slice(0, 3), summary('S1'), ...chat.live.slice(-4)])
      chat.addTurns(6)
      chat.undo(8)
      chat.addTurns(9)
    },
    shown: [...turns(1), ...turns(9)],
  },
  {
    name: 'undo after the copies',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.compact([summary('S1'), ...chat.live.slice(-4)])
      chat.addTurns(6)
      chat.undo(2)
      chat.addTurns(9)
    },
    shown: [...turns(1, 2, 3), '(S1)', ...turns(9)],
  },
  {
    name: 'undo into the copies, then another compaction',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.compact([summary('S1'), ...chat.live.slice(-4)])
      chat.undo(2)
      chat.addTurns(5, 6, 7)
      chat.compact([summary('S2'), ...chat.live.slice(-4)])
    },
    shown: [...turns(1, 2, 3), '(S1)', ...turns(5, 6, 7), '(S2)'],
  },
  {
    name: 'a summary that is merged into a copy',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.compact([...chat.live.slice(0, 2), ...mergeInto(chat.live.slice(-4), 'S1')])
      chat.addTurns(6)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(6)],
  },
  {
    name: 'a merged summary in a batch whose times are all those of the originals',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.resume()
      chat.compact([...chat.live.slice(0, 2), ...mergeInto(chat.live.slice(-4), 'S1')])
      chat.addTurns(6)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(6)],
  },
  {
    name: 'a merged summary with the time of its original, before copies with times of their own',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.resume()
      chat.addTurns(5, 6)
      chat.compact([...chat.live.slice(0, 3), ...mergeInto(chat.live.slice(-5), 'S1')])
      chat.addTurns(7)
    },
    shown: [...turns(1, 2, 3, 4, 5, 6), '(S1)', ...turns(7)],
  },
  {
    name: 'a summary that is merged into a merged one',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.compact(mergeInto(chat.live.slice(-3), 'S1'))
      chat.addTurns(5)
      chat.compact(mergeInto(chat.live, 'S2'))
      chat.addTurns(6)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(5), '(S2)', ...turns(6)],
  },
  {
    name: 'compactions in a row before one turn',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.compact([...chat.live.slice(0, 3), ...mergeInto(chat.live.slice(-3), 'S1'), { role: 'user', content: 'u5' }])
      chat.compact(mergeInto(chat.live.slice(-4), 'S2'))
      chat.compact([summary('S3'), ...chat.live.slice(-1)])
      chat.add({ role: 'assistant', content: 'a5' })
      chat.addTurns(6)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', 'u5', '(S2)', '(S3)', 'a5', ...turns(6)],
  },
  {
    name: 'a compaction between the result of a tool and the answer',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.add({ role: 'user', content: 'u4' })
      chat.add({ role: 'assistant', content: 'looking', tool_calls: '[{"id":"call4","function":{"name":"look"}}]' })
      chat.add({ role: 'tool', tool_call_id: 'call4', tool_name: 'look', content: 'found 4' })
      chat.compact([...chat.live.slice(0, 3), ...mergeInto(chat.live.slice(-4), 'S1')])
      chat.add({ role: 'assistant', content: 'a4' })
    },
    shown: [...turns(1, 2, 3), 'u4', 'looking|found 4', '(S1)', 'a4'],
  },
  {
    name: 'an older summary among the first messages of a later compaction',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.compact([summary('S1'), ...chat.live.slice(-2)])
      chat.addTurns(4, 5, 6)
      chat.compact([...chat.live.slice(0, 3), summary('S2', 'user'), ...chat.live.slice(-3)])
      chat.addTurns(7)
    },
    shown: [...turns(1, 2, 3), '(S1)', ...turns(4, 5, 6), '(S2)', ...turns(7)],
  },
  {
    name: 'three compactions, by a process that was resumed in between',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.compact([...chat.live.slice(0, 3), summary('S1'), ...chat.live.slice(-2)])
      chat.addTurns(5, 6, 7)
      chat.resume()
      chat.compact(mergeInto(chat.live.slice(-4), 'S2'))
      chat.addTurns(8, 9)
      chat.compact([summary('S3'), ...chat.live.slice(-2)])
      chat.addTurns(10)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(5, 6, 7), '(S2)', ...turns(8, 9), '(S3)', ...turns(10)],
  },
  {
    name: 'the copies of tool calls and results are shortened',
    play: (chat) => {
      chat.addToolTurns(1, 2, 3)
      const shortened = chat.live.slice(-8).map(shorten)
      chat.compact([...chat.live.slice(0, 2), summary('S1'), ...shortened])
      chat.addTurns(4)
    },
    shown: [1, 2, 3].flatMap((n) => [`u${n}`, `found ${n}`, `a${n}`]).concat('(S1)', ...turns(4)),
  },
  {
    name: 'copies that have lost their tool calls',
    play: (chat) => {
      chat.addToolTurns(1, 2)
      const stripped = chat.live.flatMap((row): HermesRow[] => {
        if (row.role === 'tool') return []
        return row.tool_calls ? [{ role: 'assistant', content: '(tool call removed)' }] : [row]
      })
      chat.compact([summary('S1'), ...stripped])
    },
    shown: ['u1', 'found 1', 'a1', 'u2', 'found 2', 'a2', '(S1)'],
  },
  {
    name: 'a compaction of all but the last messages does not copy those',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      const kept = chat.live.slice(-4)
      chat.compact([...chat.live.slice(0, 2), summary('S1')])
      chat.live.push(...kept)
      chat.addTurns(5)
      chat.compact([summary('S2'), ...chat.live.slice(-6)])
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(5), '(S2)'],
  },
  {
    name: 'the rows of a batch are rewritten with other ids',
    play: (chat) => {
      chat.addTurns(1, 2, 3, 4)
      chat.compact([...chat.live.slice(0, 2), summary('S1'), ...chat.live.slice(-4)])
      chat.addTurns(5)
      chat.resume()
      chat.rewrite(chat.live.slice(0, -2))
      chat.addTurns(6)
    },
    shown: [...turns(1, 2, 3, 4), '(S1)', ...turns(6)],
  },
  {
    name: 'turns that are repeated word for word',
    play: (chat) => {
      for (let i = 0; i < 5; i++) chat.addTurns(1)
      chat.compact([...chat.live.slice(0, 3), summary('S1'), ...chat.live.slice(-4)])
      chat.addTurns(1)
    },
    shown: [...turns(1, 1, 1, 1, 1), '(S1)', ...turns(1)],
  },
  {
    name: 'messages in the name of the user that no person wrote',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.compact([summary('S1'), ...chat.live.slice(-2), { role: 'user', content: hermesTaskList }])
      chat.addTurns(4)
      chat.compact([
        summary('S2'),
        { role: 'user', content: 'Continue from the compressed conversation context above. There was no user turn.' },
      ])
      chat.addTurns(5)
    },
    shown: [...turns(1, 2, 3), '(S1)', ...turns(4), '(S2)', ...turns(5)],
  },
  {
    name: 'two compactions around a turn, the first of which kept only a task list behind its summary',
    play: (chat) => {
      chat.addTurns(1, 2)
      const taskList = { role: 'user', content: hermesTaskList }
      chat.compact([summary('S1', 'user'), ...chat.live.slice(-2), taskList])
      chat.resume()
      const [first, question, , tasks] = chat.live
      if (!first || !question || !tasks) throw new Error('The session has too few rows')
      chat.compact([first, question, summary('S2', 'user'), tasks, { role: 'user', content: 'u3' }])
      chat.compact(mergeInto(chat.live.slice(1), 'S3'))
    },
    shown: [...turns(1, 2), '(S1)', '(S2)', 'u3', '(S3)'],
  },
  {
    name: 'a message before whose turn only a task list was kept, when it is taken back with the one before',
    play: (chat) => {
      const taskList = { role: 'user', content: hermesTaskList }
      chat.addTurns(1)
      chat.compact([summary('S1', 'user'), ...chat.live.slice(-1), taskList])
      chat.compact([summary('S2', 'user'), taskList, { role: 'user', content: 'u2' }])
      chat.addTurns(3)
      chat.undo(2)
      chat.compact([summary('S3', 'user'), ...chat.live.slice(-1), { role: 'user', content: 'u4' }])
      chat.undo(2)
    },
    shown: [...turns(1), '(S1)', '(S2)', '(S3)'],
  },
  {
    name: 'a compaction before no turn that kept only a task list behind its summary',
    play: (chat) => {
      chat.addTurns(1, 2)
      const taskList = { role: 'user', content: hermesTaskList }
      chat.compact([summary('S1', 'user'), ...chat.live.slice(-2), taskList])
      chat.resume()
      const [first, question, , tasks] = chat.live
      if (!first || !question || !tasks) throw new Error('The session has too few rows')
      chat.compact([first, question, summary('S2', 'user'), tasks])
      chat.addTurns(3)
      chat.compact(mergeInto(chat.live.slice(1), 'S3'))
    },
    shown: [...turns(1, 2), '(S1)', '(S2)', ...turns(3), '(S3)'],
  },
  {
    name: 'neighbours of one role that Hermes merged when it resumed the session',
    play: (chat) => {
      chat.addTurns(1)
      chat.add({ role: 'user', content: 'first half' })
      chat.addTurns(2)
      chat.compact([summary('S1'), { role: 'user', content: 'first half\nu2' }, ...chat.live.slice(-1)])
    },
    shown: [...turns(1), 'first half', ...turns(2), '(S1)'],
  },
  {
    name: 'messages that are too long to be compared word for word',
    play: (chat) => {
      chat.addTurns(1)
      for (const end of ['b', 'c']) chat.add({ role: 'user', content: `${'a'.repeat(5_000)}${end}` })
      chat.addTurns(2)
      chat.compact([summary('S1'), ...chat.live.slice(-3)])
    },
    shown: [...turns(1), `${'a'.repeat(5_000)}b`, `${'a'.repeat(5_000)}c`, ...turns(2), '(S1)'],
  },
  {
    name: 'a context engine whose summaries look like messages',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.compact([{ role: 'user', content: 'What was said so far' }, ...chat.live.slice(-3)])
      chat.addTurns(4)
    },
    shown: [...turns(1, 2, 3), 'What was said so far', ...turns(4)],
  },
  {
    name: 'a context engine whose list begins with messages that were read from the database',
    play: (chat) => {
      chat.addTurns(1, 2, 3)
      chat.resume()
      chat.addTurns(4)
      chat.compact([...chat.live.slice(2, 4), { role: 'user', content: 'Notes' }, ...chat.live.slice(-2)])
      chat.addTurns(5)
    },
    shown: [...turns(1, 2, 3, 4), 'Notes', ...turns(5)],
  },
]

test.each(scenarios)('every message is shown once, in order: $name', ({ play, shown }) => {
  const { chat, list, reader } = newChat()
  play(chat)
  const messages = list()
  expect(describeMessages(messages)).toEqual(shown)
  expect(reader.countMessages(['s']).get('s')).toBe(shown.length)
  for (const message of messages) expect(reader.findMessage(message.id)).toEqual(message)
})

test.each(scenarios)('a model is sent the active rows, under the ids of the messages shown: $name', ({ play }) => {
  const { chat, list, reader } = newChat()
  play(chat)
  const shownIds = new Set(list().map(({ id }) => id))
  const context = reader.loadContextMessages('s')
  for (const { id, parts } of context) {
    const isStub = parts.some((part) => part.type === 'text' && part.text === '(tool call removed)')
    if (!isStub) expect(shownIds).toContain(id)
  }
  expect(new Set(context.map(({ id }) => id)).size).toBe(context.length)
  expect(JSON.stringify(context)).not.toContain('[Your active task list')
})

test('pages are cut across a summary, and a compaction changes no id and no position', () => {
  const { chat, list, reader } = newChat()
  chat.addTurns(1, 2, 3)
  const before = list()
  chat.compact([...chat.live.slice(0, 2), summary('S1'), ...chat.live.slice(-2)])
  chat.addTurns(4)
  const after = list()
  expect(after.slice(0, before.length)).toEqual(before)
  const page = (size: number) => {
    const pages: MessageRecord[] = []
    for (let last: number | null = null; ; last = pages.at(-1)?.position ?? null) {
      const next = reader.listMessages('s', firstPage(size, last))
      if (next.length === 0) return pages
      pages.push(...next)
    }
  }
  for (const size of [1, 2, 4, 6]) expect(page(size)).toEqual(after)
  expect(reader.listMessages('s', lastPage(3, after[7]?.position))).toEqual(after.slice(4, 7))
})

test('a merged summary is sent before the message that it was merged into', () => {
  const { chat, reader } = newChat()
  chat.addTurns(1, 2, 3)
  chat.compact([...chat.live.slice(0, 2), ...mergeInto(chat.live.slice(-2), 'S1')])
  expect(describeMessages(reader.loadContextMessages('s'))).toEqual([...turns(1), '(S1)', ...turns(3)])
})

test('a merged summary of parts is one with its images', () => {
  const { chat, list } = newChat()
  chat.addTurns(1)
  chat.add({ role: 'user', content: 'look\n[screenshot]' })
  chat.add({ role: 'assistant', content: 'seen' })
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const [header, rest = ''] = mergedHermesSummary('OWN', 'S1').split('OWN')
  const parts = [{ type: 'text', text: header }, { type: 'text', text: 'look' }, image, { type: 'text', text: rest }]
  const escaped = JSON.stringify(parts).replaceAll('—', String.raw`\u2014`)
  chat.compact([{ role: 'user', content: `\0json:${escaped}` }, ...chat.live.slice(-1)])
  expect(describeMessages(list())).toEqual([...turns(1), 'look\n[screenshot]', 'seen', '(S1)'])
})

test('what a fork or an import copied of a compacted session is shown as it is', () => {
  const { hermes, list } = newChat()
  const texts = ['u1', hermesSummary('S1'), mergedHermesSummary('u2', 'S2'), 'a2']
  for (const [index, content] of texts.entries())
    hermes.addMessage('s', 100 + index, { role: index % 2 === 0 ? 'user' : 'assistant', content })
  const messages = list()
  expect(describeMessages(messages)).toMatchObject(['u1', '(S1)', expect.stringContaining('S2'), 'a2'])
  expect(messages[2]?.parts[0]).toEqual({ type: 'text', text: 'u2' })
  expect(messages.map(({ kind, role }) => [kind, role])).toEqual([
    [undefined, 'USER'],
    ['SUMMARY', 'ASSISTANT'],
    ['SUMMARY', 'USER'],
    [undefined, 'ASSISTANT'],
  ])
})

test('a person who quotes the markers of a compaction has written a message', () => {
  const { hermes, list } = newChat()
  hermes.addMessage('s', 5, { content: '[PRIOR CONTEXT — for reference only; not a new message] What is this?' })
  hermes.addMessage('s', 6, { content: 'I read "[CONTEXT COMPACTION" somewhere' })
  hermes.addMessage('s', 7, { role: 'tool', content: '[CONTEXT COMPACTION of a log' })
  expect(list().map(({ kind }) => kind)).toEqual([undefined, undefined, undefined])
})

test('thousands of rows with large batches are read in one go', () => {
  const { chat, list, hermes } = newChat()
  hermes.transaction(() => chat.addTurns(...Array.from({ length: 2000 }, (_, index) => index % 7)))
  for (let i = 0; i < 5; i++) {
    chat.compact([summary(`S${i}`), ...chat.live.slice(-500), { role: 'user', content: 'u1' }])
    hermes.transaction(() => chat.addTurns(...Array.from({ length: 100 }, (_, index) => index % 7)))
  }
  expect(list()).toHaveLength(999)
})
