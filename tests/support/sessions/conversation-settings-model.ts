export interface ModelSettings {
  readonly title?: string
  readonly archived?: boolean
  readonly pinned?: boolean
}

/** What a session carries: each setting with its value, in the order in which they were set. */
type CarriedSettings = ReadonlyMap<string, { readonly patch: ModelSettings; readonly setAt: number }>

/** The settings that sessions carry, as a map of the last change of each setting. */
export class ConversationSettingsModel {
  readonly #carried = new Map<string, CarriedSettings>()
  #changeCount = 0

  delete(id: string): void {
    this.#carried.delete(id)
  }

  set(ids: readonly string[], { title, archived, pinned }: ModelSettings): void {
    const setAt = (this.#changeCount += 1)
    const changes = new Map([
      ...(title === undefined ? [] : [['title', { patch: { title }, setAt }] as const]),
      ...(archived === undefined ? [] : [['archived', { patch: { archived }, setAt }] as const]),
      ...(pinned === undefined ? [] : [['pinned', { patch: { pinned }, setAt }] as const]),
    ])
    for (const id of ids) this.#carried.set(id, new Map([...(this.#carried.get(id) ?? []), ...changes]))
  }

  /** Gives the heirs what was set last among these sessions. */
  spread(ids: readonly string[], heirs: readonly string[]): void {
    const merged = this.#merge(ids)
    for (const id of heirs) this.#carried.set(id, merged)
  }

  read(ids: readonly string[]): ModelSettings {
    return Object.assign({}, ...[...this.#merge(ids).values()].map(({ patch }) => patch))
  }

  #merge(ids: readonly string[]): CarriedSettings {
    const all = ids.flatMap((id) => [...(this.#carried.get(id) ?? [])])
    return new Map(all.toSorted(([, a], [, b]) => a.setAt - b.setAt))
  }
}
