import { keywords, neutralReplies, type Keyword, type Rule } from './eliza-script.ts'
import { reflectPronouns } from './reflect-pronouns.ts'
import { splitUtteranceClauses, matchElizaPattern, type ElizaClause } from './match-eliza-pattern.ts'

// After Joseph Weizenbaum, ELIZA (Communications of the ACM, January 1966). The first clause with keywords determines the
// answer: the first matching pattern of its highest-ranked keyword splits the clause, and the next reply of that pattern
// reassembles the pieces.

export interface ElizaAnswer {
  readonly reply: string
  /** The applied rules, one sentence each. */
  readonly trace: readonly string[]
}

/** Answers the last text of a user. The answer depends on all texts alone, because they are replayed from the first. */
export function answerAsEliza(texts: readonly string[]): ElizaAnswer {
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

/** A keyword of a clause, with the word that matched it. */
interface KeywordMatch {
  readonly word: string
  readonly keyword: Keyword
}

/** The state of a conversation: the next reply of each rule, and the remembered remarks. */
class ElizaConversation {
  readonly #replyIndexes = new Map<object, number>()
  readonly #memory: string[] = []

  answer(text: string): ElizaAnswer {
    for (const clause of splitUtteranceClauses(text)) {
      const matches = findKeywords(clause)
      if (matches.length === 0) continue
      const answer = this.#answerFromKeywords(matches, clause)
      this.#remember(matches, clause)
      // As in the original, later clauses are ignored, even if no rule of this clause matched.
      return answer ?? this.#answerWithoutKeyword()
    }
    return this.#answerWithoutKeyword()
  }

  #answerFromKeywords(matches: readonly KeywordMatch[], clause: ElizaClause): ElizaAnswer | null {
    for (const { word, keyword } of matches) {
      const answer = this.#answerFromRules(keyword, clause, [`Keyword "${word}", rank ${keyword.rank}.`])
      if (answer) return answer
    }
    return null
  }

  #answerFromRules(keyword: Keyword, clause: ElizaClause, trace: readonly string[]): ElizaAnswer | null {
    for (const rule of keyword.rules) {
      const [pattern, ...replies] = rule
      const pieces = matchElizaPattern(clause, pattern)
      if (!pieces) continue
      const replyIndex = this.#nextReplyIndex(rule, replies.length)
      const reply = replies[replyIndex] ?? null
      if (reply === null) return null
      if (typeof reply === 'string') {
        // A fixture pins the digest of an answer with this text.
        const matchTrace = [...trace, `Pattern "${pattern}" fits.`]
        return {
          reply: assemble(reply, pieces),
          trace: [...matchTrace, `Reply ${replyIndex + 1} of ${replies.length}: "${truncateReply(reply)}"`],
        }
      }
      const next = keywordsByName.get(reply.link)
      // As code: in Markdown, the stars of two patterns would be emphasis of what is between them.
      const linkTrace = [...trace, `Pattern \`${pattern}\` links to "${reply.link}".`]
      return next ? this.#answerFromRules(next, clause, linkTrace) : null
    }
    return null
  }

  #answerWithoutKeyword(): ElizaAnswer {
    const remark = this.#memory.shift()
    if (remark !== undefined) {
      return {
        reply: remark,
        trace: ['No keyword matches.', 'The oldest remembered remark is used.'],
      }
    }
    const replyIndex = this.#nextReplyIndex(neutralReplies, neutralReplies.length)
    const trace = [
      'No keyword matches, and no remark is remembered.',
      `Neutral reply ${replyIndex + 1} of ${neutralReplies.length}.`,
    ]
    return { reply: neutralReplies[replyIndex] ?? neutralReplies[0], trace }
  }

  #remember(matches: readonly KeywordMatch[], clause: ElizaClause): void {
    for (const { keyword } of matches) {
      if (keyword.memory === undefined) continue
      const [pattern, ...replies] = keyword.memory
      const pieces = matchElizaPattern(clause, pattern)
      if (!pieces?.at(-1)?.length) continue
      const reply = replies[this.#nextReplyIndex(keyword.memory, replies.length)]
      if (typeof reply === 'string') this.#memory.push(assemble(reply, pieces))
    }
  }

  /** Returns the index of the next reply, and advances it. */
  #nextReplyIndex(replyList: Rule | typeof neutralReplies, count: number): number {
    const index = this.#replyIndexes.get(replyList) ?? 0
    this.#replyIndexes.set(replyList, (index + 1) % count)
    return index
  }
}

/** Finds the keywords of a clause, ordered by descending rank, then by position. */
function findKeywords(clause: ElizaClause): KeywordMatch[] {
  const matches: KeywordMatch[] = []
  for (const { lower } of clause) {
    for (const keyword of keywordsByWord.get(lower) ?? []) {
      if (!matches.some((other) => other.keyword === keyword)) matches.push({ word: lower, keyword })
    }
  }
  return matches.toSorted((a, b) => b.keyword.rank - a.keyword.rank)
}

function assemble(reply: string, pieces: readonly ElizaClause[]): string {
  const sentence = reply
    .replace(/\$(\d)/g, (_, number: string) => reflectPronouns(pieces[Number(number) - 1] ?? []))
    .replace(/ +([.,?!])/g, '$1')
    .replace(/ {2,}/g, ' ')
    .trim()
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

const maxQuotedWords = 12

/** Shortens a reply for the trace. */
function truncateReply(reply: string): string {
  const words = reply.split(' ')
  return words.length <= maxQuotedWords ? reply : `${words.slice(0, maxQuotedWords).join(' ')} …`
}
