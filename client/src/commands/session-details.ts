import type { SessionContext } from '../model/session-context.ts'

/** A session with its settings, as it was read. */
export interface SessionDetails {
  readonly id: string
  /** The key with which it was created. */
  readonly key: string | null
  readonly conversationId: string
  readonly profile: string
  readonly title: string | null
  readonly model: string | null
  /** Of reasoning. Null: the model's own. */
  readonly effort: string | null
  /** The instructions in force: its own, else those of its profile. */
  readonly instructions: string | null
  /** Null where those of the profile are in force. */
  readonly ownInstructions: string | null
  /** Null where nothing is sent from: in sessions that have ended, and in those of Hermes. */
  readonly context: SessionContext | null
}

/** See `CreateSessionInput` in the schema. */
export interface NewSession {
  /** Default: `default`. */
  readonly profile?: string
  readonly model?: string
  /** Of reasoning: one of `Model.efforts`. */
  readonly effort?: string
  /** Of the session: the same key finds it again. Default: none. */
  readonly key?: string
  readonly title?: string
  /** The system prompt. Default: that of the profile. */
  readonly instructions?: string
  /** The session that this one continues: see `CreateSessionInput` in the schema. */
  readonly continues?: string
}

/** What is left out stays. An empty text takes a title, a model, an effort or instructions away. */
export interface SessionChanges extends Pick<NewSession, 'title' | 'model' | 'effort' | 'instructions'> {
  /** Of its conversation. */
  readonly pinned?: boolean
  /** Of its conversation. */
  readonly archived?: boolean
}

/** What is left out stays. An empty title brings back that of the first session. */
export type ConversationChanges = Pick<SessionChanges, 'title' | 'pinned' | 'archived'>
