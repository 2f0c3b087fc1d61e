import type { ConversationSettingsRow } from '../../storage/sessions/conversation-settings.ts'
import type { CrossOriginContinuationFeed } from '../../storage/sessions/cross-origin-continuation-feed.ts'

/** The index in which sessions of Hermes inherit settings. It runs in the worker and remembers what is not confirmed. */
export interface SettingsInheritingIndex {
  listUnconfirmedSettings(limit: number): Promise<ConversationSettingsRow[]>
  confirmSettings(stored: readonly ConversationSettingsRow[]): Promise<void>
}

const rowsPerBatch = 500

/**
 * Brings settings that sessions inherit in Hermes' index to Segue's database, which keeps them. The index confirms them once
 * they are stored, so that a batch that a crash or an error interrupts is stored again later, which changes nothing.
 */
export class InheritedSettingsReplicator {
  readonly #feed: Pick<CrossOriginContinuationFeed, 'storeInheritedSettings'>
  readonly #index: SettingsInheritingIndex
  /** The last process may have left some. */
  #isPending = true
  #current: Promise<void> | null = null

  constructor(feed: Pick<CrossOriginContinuationFeed, 'storeInheritedSettings'>, index: SettingsInheritingIndex) {
    this.#feed = feed
    this.#index = index
  }

  /** Call it when sessions have inherited settings, or the worker has exited. */
  markPending(): void {
    this.#isPending = true
  }

  /** Resolves when everything is stored. Rejects if storing fails or the worker exits: the next call tries again. */
  push(): Promise<void> {
    this.#current ??= this.#pushAll().finally(() => (this.#current = null))
    return this.#current
  }

  async #pushAll(): Promise<void> {
    while (this.#isPending) {
      this.#isPending = false
      try {
        while (await this.#pushBatch());
      } catch (error) {
        this.#isPending = true
        throw error
      }
    }
  }

  /** Returns whether there may be more. */
  async #pushBatch(): Promise<boolean> {
    const rows = await this.#index.listUnconfirmedSettings(rowsPerBatch)
    if (rows.length === 0) return false
    await this.#feed.storeInheritedSettings(rows)
    await this.#index.confirmSettings(rows)
    return rows.length === rowsPerBatch
  }
}
