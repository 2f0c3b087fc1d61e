import { toConversationId } from '../../model/conversation/conversation-id.ts'
import type { SectionedExportRecord, ExportSectionName } from './document-schema.ts'

interface SummarySession {
  readonly id: string
  readonly parentId: string | null
  readonly takesPlaceOf?: string
  readonly title: string | null
}

/** Counts the records of a document as they are read or written. */
export class ExportDocumentSummary {
  readonly #counts = new Map<ExportSectionName, number>()
  readonly #sessions = new Map<string, SummarySession>()

  add({ section, record }: SectionedExportRecord): void {
    this.#counts.set(section, this.count(section) + 1)
    if (section === 'sessions') this.#sessions.set(record.id, record)
  }

  count(section: ExportSectionName): number {
    return this.#counts.get(section) ?? 0
  }

  get sessionIds(): string[] {
    return [...this.#sessions.keys()]
  }

  get conversationId(): string {
    return toConversationId(this.#root?.id ?? '')
  }

  /** Describes the document, as in `"Garden" (cnv_…): 2 sessions, 1 message, 0 files`. */
  get text(): string {
    const counts = (['sessions', 'messages', 'files'] as const).map((section) => {
      const count = this.count(section)
      return `${count} ${count === 1 ? section.slice(0, -1) : section}`
    })
    const title = this.#root?.title ?? null
    const name = title === null ? this.conversationId : `${JSON.stringify(title)} (${this.conversationId})`
    return `${name}: ${counts.join(', ')}`
  }

  get #root(): SummarySession | undefined {
    const sessions = [...this.#sessions.values()]
    const isRoot = ({ parentId, takesPlaceOf }: SummarySession) =>
      ![parentId, takesPlaceOf].some((id) => typeof id === 'string' && this.#sessions.has(id))
    return sessions.find(isRoot) ?? sessions[0]
  }
}
