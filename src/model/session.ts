import type { Usage } from './usage.ts'

/** SEGUE: kept here. HERMES: read from a Hermes state.db, never written. */
export type Origin = 'SEGUE' | 'HERMES'

/** MESSAGE: the beginning of its first message. MODEL: a model, after the first answer. PERSON: somebody chose it. */
export type TitleSource = 'MESSAGE' | 'MODEL' | 'PERSON'

export interface SessionRecord {
  readonly id: string
  readonly origin: Origin
  readonly profile: string
  readonly title: string | null
  /** Who gave it its title; a person's is never replaced. Null where that is not known. */
  readonly titleSource: TitleSource | null
  /** As stored: cli, telegram, segue, …; `unknown` where the row has none. */
  readonly source: string
  readonly model: string | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly endReason: string | null
  /** The newest message's time; the session's start while it has none. */
  readonly lastActivityAt: number
  readonly pinned: boolean
  readonly archived: boolean
  readonly parentId: string | null
  /** Parents of which the row says that it is something else than a continuation: a branch, a delegate, a reset. */
  readonly notContinuationOf: readonly string[]
  /** The message that it was forked from. */
  readonly forkedFrom: string | null
  /** The row says that it is a sub-agent's, or continues one of a sub-agent. */
  readonly isSubagent?: true
  /** The seq of the newest event in its log; 0 for a session without one, as all of Hermes' are. */
  readonly headSeq: number
  readonly usage: Usage
}
