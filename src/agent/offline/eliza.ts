import { keywords, neutral } from './eliza-script.ts'
import type { Keyword, Rule } from './eliza-script.ts'
import { turnRound } from './reflect-pronouns.ts'
import { clausesOf, decompose } from './decompose.ts'
import type { Clause } from './decompose.ts'

/**
 * A listening partner after Joseph Weizenbaum's ELIZA (Communications of the ACM, January 1966). An answer is made by
 * the highest keyword of the first clause that has one: its first pattern that fits takes the clause apart, and the
 * reply whose turn it is puts the pieces together again.
 */
export interface Answer {
  readonly reply: string
  /** How it came about, a sentence each. */
  readonly trace: readonly string[]
}

/** The answer to the last of a person's texts. It depends on them alone: they are gone through from the first. */
export function converse(texts: readonly string[]): Answer {
  const conversation = new Conversation()
  let answer = conversation.answer(texts[0] ?? '')
  for (const text of texts.slice(1)) answer = conversation.answer(text)
  return answer
}

const byWord = new Map<string, Keyword[]>()
for (const keyword of keywords) {
  for (const word of keyword.words) byWord.set(word, [...(byWord.get(word) ?? []), keyword])
}
const byName = new Map(keywords.toReversed().map((keyword) => [keyword.words[0], keyword]))

/** A keyword that was found, under the word that was said. */
interface Found {
  readonly word: string
  readonly keyword: Keyword
}

/** What goes on from one answer to the next: whose turn it is among the replies, and the remarks that are kept. */
class Conversation {
  readonly #turns = new Map<object, number>()
  readonly #memory: string[] = []

  answer(text: string): Answer {
    for (const clause of clausesOf(text)) {
      const found = keywordsOf(clause)
      if (found.length === 0) continue
      const answer = this.#fromKeywords(found, clause)
      this.#keep(found, clause)
      // Like the original, what follows the clause is left alone, also when nothing came of its keywords.
      return answer ?? this.#withoutKeyword()
    }
    return this.#withoutKeyword()
  }

  #fromKeywords(found: readonly Found[], clause: Clause): Answer | null {
    for (const { word, keyword } of found) {
      const answer = this.#fromRules(keyword, clause, [`Keyword "${word}", rank ${keyword.rank}.`])
      if (answer) return answer
    }
    return null
  }

  #fromRules(keyword: Keyword, clause: Clause, trace: readonly string[]): Answer | null {
    for (const rule of keyword.rules) {
      const [pattern, ...replies] = rule
      const pieces = decompose(clause, pattern)
      if (!pieces) continue
      const turn = this.#turn(rule, replies.length)
      const reply = replies[turn] ?? null
      if (reply === null) return null
      const fits = [...trace, `Pattern "${pattern}" fits.`]
      if (typeof reply === 'string') {
        return {
          reply: assemble(reply, pieces),
          trace: [...fits, `Reply ${turn + 1} of ${replies.length}: "${start(reply)}"`],
        }
      }
      const next = byName.get(reply.link)
      return next ? this.#fromRules(next, clause, [...fits, `It leads to "${reply.link}".`]) : null
    }
    return null
  }

  #withoutKeyword(): Answer {
    const remark = this.#memory.shift()
    if (remark !== undefined) {
      return {
        reply: remark,
        trace: ['No keyword leads anywhere here.', 'A remark kept from earlier is taken up: the oldest.'],
      }
    }
    const turn = this.#turn(neutral, neutral.length)
    const trace = [
      'No keyword leads anywhere here, and no remark is kept.',
      `Neutral reply ${turn + 1} of ${neutral.length}.`,
    ]
    return { reply: neutral[turn] ?? neutral[0], trace }
  }

  #keep(found: readonly Found[], clause: Clause): void {
    for (const { keyword } of found) {
      if (keyword.memory === undefined) continue
      const [pattern, ...replies] = keyword.memory
      const pieces = decompose(clause, pattern)
      if (!pieces?.at(-1)?.length) continue
      const reply = replies[this.#turn(keyword.memory, replies.length)]
      if (typeof reply === 'string') this.#memory.push(assemble(reply, pieces))
    }
  }

  /** Which of so many it is now; the next time it will be the next one. */
  #turn(of: Rule | typeof neutral, count: number): number {
    const turn = this.#turns.get(of) ?? 0
    this.#turns.set(of, (turn + 1) % count)
    return turn
  }
}

/** The keywords of a clause, the highest rank first, and of equal ones the earlier. */
function keywordsOf(clause: Clause): Found[] {
  const found: Found[] = []
  for (const { lower } of clause) {
    for (const keyword of byWord.get(lower) ?? []) {
      if (!found.some((other) => other.keyword === keyword)) found.push({ word: lower, keyword })
    }
  }
  return found.toSorted((a, b) => b.keyword.rank - a.keyword.rank)
}

function assemble(reply: string, pieces: readonly Clause[]): string {
  const whole = reply
    .replace(/\$(\d)/g, (_, number: string) => turnRound(pieces[Number(number) - 1] ?? []))
    .replace(/ +([.,?!])/g, '$1')
    .replace(/ {2,}/g, ' ')
    .trim()
  return whole.charAt(0).toUpperCase() + whole.slice(1)
}

const longestQuote = 12 // words

/** The beginning of a reply: the trace of a long one should not be as long. */
function start(reply: string): string {
  const words = reply.split(' ')
  return words.length <= longestQuote ? reply : `${words.slice(0, longestQuote).join(' ')} …`
}
