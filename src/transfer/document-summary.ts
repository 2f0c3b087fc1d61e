import { toConversationId } from '../sessions/conversation-repository.ts'
import type { DocumentRecord, SectionName } from './document-schema.ts'

interface SummarySession {
  readonly id: string
  readonly parentId: string | null
  readonly title: string | null
}

/** What a document holds, in short; gathered while its records pass by. */
export class DocumentSummary {
  readonly #counts = new Map<SectionName, number>()
  readonly #sessions = new Map<string, SummarySession>()

  add({ list, record }: DocumentRecord): void {
    this.#counts.set(list, this.count(list) + 1)
    if (list === 'sessions') this.#sessions.set(record.id, record)
  }

  count(list: SectionName): number {
    return this.#counts.get(list) ?? 0
  }

  get sessionIds(): string[] {
    return [...this.#sessions.keys()]
  }

  get conversationId(): string {
    return toConversationId(this.#root?.id ?? '')
  }

  /** As in "Garden" (cnv_…): 2 sessions, 1 message, 0 files. */
  get text(): string {
    const counts = (['sessions', 'messages', 'files'] as const).map((list) => {
      const count = this.count(list)
      return `${count} ${count === 1 ? list.slice(0, -1) : list}`
    })
    const title = this.#root?.title ?? null
    const name = title === null ? this.conversationId : `${JSON.stringify(title)} (${this.conversationId})`
    return `${name}: ${counts.join(', ')}`
  }

  get #root(): SummarySession | undefined {
    const all = [...this.#sessions.values()]
    return all.find(({ parentId }) => parentId === null || !this.#sessions.has(parentId)) ?? all[0]
  }
}
