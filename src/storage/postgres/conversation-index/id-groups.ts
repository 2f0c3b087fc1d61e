/** Ids in groups, such as those of the sessions of each conversation. */
export class IdGroups {
  readonly #groups = new Map<string, Set<string>>()

  /** Null: in no group. */
  add(group: string | null, id: string): void {
    if (group === null) return
    const ids = this.#groups.get(group) ?? new Set()
    this.#groups.set(group, ids.add(id))
  }

  delete(group: string | null, id: string): void {
    if (group !== null) this.#groups.get(group)?.delete(id)
  }

  get(group: string): ReadonlySet<string> {
    return this.#groups.get(group) ?? new Set()
  }
}
