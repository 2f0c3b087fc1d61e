import { conversationId } from '../sessions/conversation-repository.ts'
import type { Listed, ListName } from './document-schema.ts'

interface Segment {
  readonly id: string
  readonly parentId: string | null
  readonly title: string | null
}

/** What a document holds, in short; gathered while its records pass by. */
export class Summary {
  readonly #counts = new Map<ListName, number>()
  readonly #segments = new Map<string, Segment>()

  add({ list, record }: Listed): void {
    this.#counts.set(list, this.count(list) + 1)
    if (list === 'sessions') this.#segments.set(record.id, record)
  }

  count(list: ListName): number {
    return this.#counts.get(list) ?? 0
  }

  get sessionIds(): string[] {
    return [...this.#segments.keys()]
  }

  get conversationId(): string {
    return conversationId(this.#root?.id ?? '')
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

  get #root(): Segment | undefined {
    const all = [...this.#segments.values()]
    return all.find(({ parentId }) => parentId === null || !this.#segments.has(parentId)) ?? all[0]
  }
}
