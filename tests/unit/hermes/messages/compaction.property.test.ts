import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HermesChat, hermesSummary, hermesTaskList, mergedHermesSummary } from '../../../support/hermes/hermes-chat.ts'
import type { HermesRow } from '../../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newReader } from '../../../support/hermes/hermes-fixtures.ts'

/** Something that a person has seen. */
interface SeenMessage {
  readonly text: string
  /** What a summary stands for; null for anything else. */
  readonly summarized: readonly SeenMessage[] | null
  isTakenBack: boolean
}

/** What the model has of it. */
interface LiveMessage {
  readonly row: HermesRow
  readonly seen: readonly SeenMessage[]
  /** What a summary stands for. */
  readonly covered: readonly SeenMessage[]
}

type Step =
  | { readonly type: 'turn'; readonly withTool: boolean }
  | { readonly type: 'resume' }
  | { readonly type: 'undo'; readonly turns: number }
  | {
      readonly type: 'compact'
      readonly head: number
      readonly tail: number
      readonly role: 'user' | 'assistant'
      readonly isMerged: boolean
      readonly isBeforeTurn: boolean
      readonly hasTaskList: boolean
    }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('turn'), withTool: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('resume') }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('undo'), turns: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('compact'),
      head: fc.integer({ min: 0, max: 3 }),
      tail: fc.integer({ min: 1, max: 6 }),
      role: fc.constantFrom('user', 'assistant'),
      isMerged: fc.boolean(),
      isBeforeTurn: fc.boolean(),
      hasTaskList: fc.boolean(),
    }),
  },
)

/** A chat, and what a person has seen of it, by the steps themselves. */
class SimulatedChat {
  readonly #chat: HermesChat
  readonly #seen: SeenMessage[] = []
  #live: LiveMessage[] = []
  #count = 0

  constructor(chat: HermesChat) {
    this.#chat = chat
  }

  get shown(): string[] {
    return this.#seen.filter(({ isTakenBack }) => !isTakenBack).map(({ text }) => text)
  }

  /** Summaries of nothing that is left: the rows do not tell in which order it was taken back. */
  get emptySummaries(): ReadonlySet<string> {
    const isEmpty = ({ summarized, isTakenBack }: SeenMessage): boolean => summarized?.every(isEmpty) ?? isTakenBack
    return new Set(this.#seen.filter((message) => message.summarized && isEmpty(message)).map(({ text }) => text))
  }

  play(step: Step): void {
    if (step.type === 'turn') this.#addTurn(step.withTool)
    else if (step.type === 'resume') this.#resume()
    else if (step.type === 'undo') this.#undo(step.turns)
    else this.#compact(step)
  }

  #see(text: string, summarized: readonly SeenMessage[] | null = null): SeenMessage {
    const message = { text, summarized, isTakenBack: false }
    this.#seen.push(message)
    return message
  }

  #add(row: HermesRow, text: string | null): void {
    this.#chat.add(row)
    this.#live.push({ row, seen: text === null ? [] : [this.#see(text)], covered: [] })
  }

  #addTurn(withTool: boolean): void {
    const id = `${++this.#count}`
    this.#add({ role: 'user', content: `u${id}` }, `u${id}`)
    if (withTool) {
      const calls = [{ id: `call${id}`, function: { name: 'look', arguments: '{}' } }]
      this.#add({ role: 'assistant', content: '', tool_calls: JSON.stringify(calls) }, `found ${id}`)
      this.#add({ role: 'tool', tool_call_id: `call${id}`, tool_name: 'look', content: `found ${id}` }, null)
    }
    this.#add({ role: 'assistant', content: `a${id}` }, `a${id}`)
  }

  #resume(): void {
    this.#chat.resume()
    this.#live = this.#live.map((message, index) => withRow(message, this.#chat.live[index] ?? message.row))
  }

  #undo(turns: number): void {
    const users = this.#live.flatMap(({ row, seen }, index) =>
      row.role === 'user' && seen.some(({ summarized }) => !summarized) ? [index] : [],
    )
    const from = users.at(-turns)
    if (from === undefined) return
    const [first, ...later] = this.#live.slice(from)
    const gone = [...(first?.seen ?? []), ...later.flatMap(listSeen)]
    const start = gone.find(({ summarized }) => !summarized)
    const since = start ? this.#seen.slice(this.#seen.indexOf(start)).filter(({ summarized }) => !summarized) : []
    for (const message of [...gone, ...since]) message.isTakenBack = true
    this.#chat.undo(this.#live.length - from)
    this.#live = this.#live.slice(0, from)
  }

  #compact({ head, tail, role, isMerged, isBeforeTurn, hasTaskList }: Extract<Step, { type: 'compact' }>): void {
    const middleEnd = this.#alignToCall(this.#live.length - tail)
    const kept = { head: this.#live.slice(0, this.#alignToCall(head)), tail: this.#live.slice(middleEnd) }
    const covered = this.#live.slice(kept.head.length, middleEnd).flatMap(listSeen)
    if (kept.head.length >= middleEnd || kept.tail.length === 0) return
    const text = `summary ${++this.#count}`
    const seen = this.#see(text, covered)
    const [first, ...rest] = kept.tail
    const canMerge =
      isMerged && first?.row.content && first.row.role !== 'tool' && !String(first.row.content).startsWith('[')
    const messages: LiveMessage[] = canMerge
      ? [
          {
            row: { ...first.row, content: mergedHermesSummary(String(first.row.content), text) },
            seen: [...first.seen, seen],
            covered,
          },
          ...rest,
        ]
      : [{ row: { role, content: hermesSummary(text) }, seen: [seen], covered }, ...kept.tail]
    const live = [...kept.head, ...messages]
    if (hasTaskList) live.push({ row: { role: 'user', content: hermesTaskList }, seen: [], covered: [] })
    if (isBeforeTurn) {
      const question = `u${++this.#count}`
      live.push({ row: { role: 'user', content: question }, seen: [this.#see(question)], covered: [] })
    }
    this.#chat.compact(live.map(({ row }) => row))
    this.#live = live
  }

  /** A call is not separated from its result. */
  #alignToCall(index: number): number {
    let aligned = Math.max(0, Math.min(index, this.#live.length))
    while (this.#live[aligned]?.row.role === 'tool') aligned -= 1
    return aligned
  }
}

function listSeen({ seen, covered }: LiveMessage): readonly SeenMessage[] {
  return seen.concat(covered)
}

function withRow(message: LiveMessage, row: HermesRow): LiveMessage {
  return { ...message, row }
}

test('whatever a person and Hermes do, every message that was not taken back is shown once, in order', () => {
  const hermes = newDb(undefined, 'v22')
  const { reader } = newReader(hermes.path)
  let sessionCount = 0
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 4, maxLength: 25 }), (steps) => {
      const sessionId = `s${++sessionCount}`
      const chat = new SimulatedChat(new HermesChat(hermes, sessionId))
      hermes.transaction(() => {
        for (const step of steps) chat.play(step)
      })
      const shown = reader.listMessages(sessionId, firstPage(999)).map(({ parts }) =>
        parts
          .map((part) => (part.type === 'text' ? part.text : part.type === 'tool' ? String(part.call.result) : ''))
          .join('')
          .replace(/^\[CONTEXT[^]*\n(summary \d+)\n[^]*$/, '$1'),
      )
      const isTold = (text: string): boolean => !chat.emptySummaries.has(text)
      expect(shown.filter(isTold)).toEqual(chat.shown.filter(isTold))
    }),
    { numRuns: 200 },
  )
})
