import { keywords, neutralReplies, type Keyword, type Rule } from './eliza-script.ts'
import { reflectPronouns } from './reflect-pronouns.ts'
import { splitClauses, decompose, type Clause } from './decompose.ts'

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
  const conversation = new ElizaConversation()
  let answer = conversation.answer(texts[0] ?? '')
  for (const text of texts.slice(1)) answer = conversation.answer(text)
  return answer
}

const keywordsByWord = new Map<string, Keyword[]>()
for (const keyword of keywords) {
  for (const word of keyword.words) keywordsByWord.set(word, [...(keywordsByWord.get(word) ?? []), keyword])
}
const keywordsByName = new Map(keywords.toReversed().map((keyword) => [keyword.words[0], keyword]))

/** A keyword that was found, under the word that was said. */
interface KeywordMatch {
  readonly word: string
  readonly keyword: Keyword
}

/** What goes on from one answer to the next: whose turn it is among the replies, and the remarks that are kept. */
class ElizaConversation {
  readonly #replyIndexes = new Map<object, number>()
  readonly #memory: string[] = []

  answer(text: string): Answer {
    for (const clause of splitClauses(text)) {
      const matches = findKeywords(clause)
      if (matches.length === 0) continue
      const answer = this.#answerFromKeywords(matches, clause)
      this.#remember(matches, clause)
      // Like the original, what follows the clause is left alone, also when nothing came of its keywords.
      return answer ?? this.#answerWithoutKeyword()
    }
    return this.#answerWithoutKeyword()
  }

  #answerFromKeywords(matches: readonly KeywordMatch[], clause: Clause): Answer | null {
    for (const { word, keyword } of matches) {
      const answer = this.#answerFromRules(keyword, clause, [`Keyword "${word}", rank ${keyword.rank}.`])
      if (answer) return answer
    }
    return null
  }

  #answerFromRules(keyword: Keyword, clause: Clause, trace: readonly string[]): Answer | null {
    for (const rule of keyword.rules) {
      const [pattern, ...replies] = rule
      const pieces = decompose(clause, pattern)
      if (!pieces) continue
      const replyIndex = this.#nextReplyIndex(rule, replies.length)
      const reply = replies[replyIndex] ?? null
      if (reply === null) return null
      const matchTrace = [...trace, `Pattern "${pattern}" fits.`]
      if (typeof reply === 'string') {
        return {
          reply: assemble(reply, pieces),
          trace: [...matchTrace, `Reply ${replyIndex + 1} of ${replies.length}: "${truncateReply(reply)}"`],
        }
      }
      const next = keywordsByName.get(reply.link)
      return next ? this.#answerFromRules(next, clause, [...matchTrace, `It leads to "${reply.link}".`]) : null
    }
    return null
  }

  #answerWithoutKeyword(): Answer {
    const remark = this.#memory.shift()
    if (remark !== undefined) {
      return {
        reply: remark,
        trace: ['No keyword leads anywhere here.', 'A remark kept from earlier is taken up: the oldest.'],
      }
    }
    const replyIndex = this.#nextReplyIndex(neutralReplies, neutralReplies.length)
    const trace = [
      'No keyword leads anywhere here, and no remark is kept.',
      `Neutral reply ${replyIndex + 1} of ${neutralReplies.length}.`,
    ]
    return { reply: neutralReplies[replyIndex] ?? neutralReplies[0], trace }
  }

  #remember(matches: readonly KeywordMatch[], clause: Clause): void {
    for (const { keyword } of matches) {
      if (keyword.memory === undefined) continue
      const [pattern, ...replies] = keyword.memory
      const pieces = decompose(clause, pattern)
      if (!pieces?.at(-1)?.length) continue
      const reply = replies[this.#nextReplyIndex(keyword.memory, replies.length)]
      if (typeof reply === 'string') this.#memory.push(assemble(reply, pieces))
    }
  }

  /** Which of so many it is now; the next time it will be the next one. */
  #nextReplyIndex(replyList: Rule | typeof neutralReplies, count: number): number {
    const index = this.#replyIndexes.get(replyList) ?? 0
    this.#replyIndexes.set(replyList, (index + 1) % count)
    return index
  }
}

/** The keywords of a clause, the highest rank first, and of equal ones the earlier. */
function findKeywords(clause: Clause): KeywordMatch[] {
  const matches: KeywordMatch[] = []
  for (const { lower } of clause) {
    for (const keyword of keywordsByWord.get(lower) ?? []) {
      if (!matches.some((other) => other.keyword === keyword)) matches.push({ word: lower, keyword })
    }
  }
  return matches.toSorted((a, b) => b.keyword.rank - a.keyword.rank)
}

function assemble(reply: string, pieces: readonly Clause[]): string {
  const sentence = reply
    .replace(/\$(\d)/g, (_, number: string) => reflectPronouns(pieces[Number(number) - 1] ?? []))
    .replace(/ +([.,?!])/g, '$1')
    .replace(/ {2,}/g, ' ')
    .trim()
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

const maxQuotedWords = 12 // words

/** The beginning of a reply: the trace of a long one should not be as long. */
function truncateReply(reply: string): string {
  const words = reply.split(' ')
  return words.length <= maxQuotedWords ? reply : `${words.slice(0, maxQuotedWords).join(' ')} …`
}
