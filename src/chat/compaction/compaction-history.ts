import { LruCache } from '../../lib/lru-cache.ts'
import type { CompactedContext } from './compact-context.ts'

interface CompactionEffect {
  /** How many compactions in a row have saved nothing. */
  readonly futileCount: number
  /** What the context took before the latest one, in tokens. */
  readonly tokens: number
}

/** A compaction that leaves more than this part of a context has saved nothing worth its cost. */
const maxRemainder = 0.9
/** After so many compactions that save nothing, the context has to grow first. */
const maxFutileCompactions = 2
/** By this part of itself. */
const minGrowth = 1 / 4
/** How many sessions are remembered. */
const maxSessions = 1_000

/** Remembers which sessions were compacted in vain, so that it is not tried again and again. It is not stored. */
export class CompactionHistory {
  readonly #effects = new LruCache<string, CompactionEffect>(maxSessions)
  /** Sessions whose requests are reported as too large since before they were compacted for that reason. */
  readonly #compactedForReportedSize = new LruCache<string, true>(maxSessions)

  /** Adds a compaction of a session. Returns whether the context is shorter. */
  add(
    sessionId: string,
    { tokensBefore, tokensAfter }: Pick<CompactedContext, 'tokensBefore' | 'tokensAfter'>,
  ): boolean {
    const isFutile = tokensAfter > tokensBefore * maxRemainder
    const futileCount = isFutile ? (this.#effects.get(sessionId)?.futileCount ?? 0) + 1 : 0
    this.#effects.set(sessionId, { futileCount, tokens: tokensBefore })
    return tokensAfter < tokensBefore
  }

  /** Whether the latest compactions of a session have saved nothing, and its context has hardly grown since. */
  isFutile(sessionId: string, tokens: number): boolean {
    const effect = this.#effects.get(sessionId)
    if (!effect || effect.futileCount < maxFutileCompactions) return false
    return tokens <= effect.tokens * (1 + minGrowth)
  }

  /** Adds a compaction of a session for the sole reason that the provider reported a request as too large. */
  addForReportedSize(sessionId: string): void {
    this.#compactedForReportedSize.set(sessionId, true)
  }

  /** The provider reported a request of a session that is not too large. */
  addFittingReportedSize(sessionId: string): void {
    this.#compactedForReportedSize.delete(sessionId)
  }

  /**
   * Whether a session was compacted because of what the provider reported, and no smaller request was reported since: the
   * server adds something to each request that no summary makes shorter.
   */
  isFutileForReportedSize(sessionId: string): boolean {
    return this.#compactedForReportedSize.get(sessionId) !== undefined
  }

  /** A session continues another one: what was in vain there counts here. */
  continueIn(sessionId: string, continuationId: string): void {
    const effect = this.#effects.get(sessionId)
    this.#effects.delete(sessionId)
    if (effect && effect.futileCount > 0) this.#effects.set(continuationId, effect)
    if (this.isFutileForReportedSize(sessionId)) this.addForReportedSize(continuationId)
    this.#compactedForReportedSize.delete(sessionId)
  }
}
