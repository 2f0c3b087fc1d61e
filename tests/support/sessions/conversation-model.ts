import { classifySourceChannel } from '../../../src/model/channel.ts'
import { ConversationSettingsModel, type ModelSettings } from './conversation-settings-model.ts'

/** A session of the model. Times are in seconds, as in a Hermes database. */
export interface ModelSession {
  readonly id: string
  readonly parent: string | null
  readonly end: string | null
  readonly source: string
  readonly started: number
  /** The session that its marker says it branched from. */
  readonly branchOf: string | null
  /** As Hermes stores it. */
  readonly archived: boolean
  readonly pinned: boolean
}

export interface ModelConversation {
  readonly root: string
  readonly tip: string
  readonly at: number
  readonly segments: readonly string[]
}

export interface ModelFilter {
  readonly channels?: readonly string[]
  readonly origin?: 'SEGUE' | 'HERMES'
  readonly archived?: boolean
  readonly pinned?: boolean
}

/** The id of the n-th Segue session. */
export const segueId = (index: number): string => `ses_01h455vb4pex5vsknk084s${String(index).padStart(4, '0')}`

export const isSegueId = (id: string): boolean => id.startsWith('ses_')

/** Computes conversations from sessions in plain maps, by the definition of a conversation and without an index. */
export class ConversationModel {
  readonly rows = new Map<string, ModelSession>()
  readonly messages = new Map<string, number[]>()
  readonly #settings = new ConversationSettingsModel()

  delete(id: string): void {
    this.rows.delete(id)
    this.messages.delete(id)
    // Hermes may bring a session back.
    if (isSegueId(id)) this.#settings.delete(id)
  }

  /** Sets what the patch contains for all sessions of the conversation that a session belongs to. */
  setSettings(id: string, patch: ModelSettings): void {
    const root = this.findRoot(id)
    this.#settings.set(this.listAll().find((each) => each.root === root)?.segments ?? [], patch)
  }

  /** Lets every session take over what was set last in its conversation, except for sessions of Hermes without a message. */
  spreadSettings(): void {
    for (const { root, segments } of this.listAll()) {
      const heirs = segments.filter((id) => id === root || isSegueId(id) || this.#latestMessageAt(id) > 0)
      this.#settings.spread(segments, heirs)
    }
  }

  /** What was set for a conversation; otherwise what Hermes stores of its tip, or of its root if the tip is Segue's. */
  readSettings({ root, tip, segments }: ModelConversation): ModelSettings {
    const fallback = [tip, root].map((id) => (isSegueId(id) ? undefined : this.rows.get(id))).find((row) => row)
    const { archived = false, pinned = false } = fallback ?? {}
    return { archived, pinned, ...this.#settings.read(segments) }
  }

  listConversations(filter: ModelFilter = {}): ModelConversation[] {
    return this.listAll()
      .filter(({ tip }) => this.#latestMessageAt(tip) > 0)
      .filter((each) => this.#matchesFilter(each, filter))
      .sort((a, b) => b.at - a.at || compareBytes(b.root, a.root))
  }

  /** Lists all conversations, also those without a message. */
  listAll(): ModelConversation[] {
    const families = Map.groupBy(this.rows.values(), ({ id }) => this.findRoot(id))
    return [...families].map(([root, family]) => {
      const byTip = family.toSorted(
        (a, b) =>
          this.#latestMessageAt(b.id) - this.#latestMessageAt(a.id) ||
          b.started - a.started ||
          compareBytes(b.id, a.id),
      )
      const tip = byTip[0]?.id ?? root
      const others = family
        .filter(({ id }) => id !== root)
        .sort((a, b) => a.started - b.started || this.#depth(a.id) - this.#depth(b.id) || compareBytes(a.id, b.id))
      const segments = [root, ...others.map(({ id }) => id)]
      return { root, tip, at: this.#latestMessageAt(tip) || (this.rows.get(tip)?.started ?? 0), segments }
    })
  }

  findRoot(id: string): string {
    const path = this.#pathToRoot(id)
    return path.at(-1) ?? id
  }

  #depth(id: string): number {
    return this.#pathToRoot(id).length
  }

  /** Returns the sessions from this one up to its root; this one alone if they form a cycle. */
  #pathToRoot(id: string): string[] {
    const path = [id]
    for (let parent = this.#findParent(id); parent !== null; parent = this.#findParent(parent)) {
      if (path.includes(parent)) return [id]
      path.push(parent)
    }
    return path
  }

  #findParent(id: string): string | null {
    const row = this.rows.get(id)
    const parent = this.rows.get(row?.parent ?? '')
    if (!row || !parent || parent.id === id) return null
    if (parent.end !== 'compression' && parent.end !== 'cli_close') return null
    if (row.branchOf === parent.id || row.source === 'tool' || row.source === 'subagent') return null
    return isSegueId(parent.id) && !isSegueId(id) ? null : parent.id
  }

  #latestMessageAt(id: string): number {
    return Math.max(0, ...(this.messages.get(id) ?? []))
  }

  #matchesFilter(conversation: ModelConversation, { channels, origin, archived, pinned }: ModelFilter): boolean {
    const { root, tip } = conversation
    const settings = this.readSettings(conversation)
    const channel = (id: string): string => classifySourceChannel(this.rows.get(id)?.source ?? '')
    const isInternal = [root, tip].every((id) => ['TOOL', 'CRON'].includes(channel(id)))
    return (
      (channels ? channels.includes(channel(tip)) : !isInternal) &&
      (origin === undefined || (origin === 'SEGUE') === isSegueId(tip)) &&
      (archived === undefined || settings.archived === archived) &&
      (pinned === undefined || settings.pinned === pinned)
    )
  }
}

/** Compares texts as SQLite does. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
