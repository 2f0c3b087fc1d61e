import type { SegueClient } from '../segue-client.ts'

/**
 * Sources that components with the same client and key share, so that they have one connection and one state. A source that
 * no component holds any more is forgotten.
 */
export class SharedSources<Source extends object> {
  readonly #byClient = new WeakMap<SegueClient, Map<string, WeakRef<Source>>>()

  get(client: SegueClient, key: string, create: () => Source): Source {
    const sources = this.#byClient.get(client) ?? new Map<string, WeakRef<Source>>()
    this.#byClient.set(client, sources)
    const known = sources.get(key)?.deref()
    if (known) return known
    for (const [otherKey, source] of sources) if (!source.deref()) sources.delete(otherKey)
    const created = create()
    sources.set(key, new WeakRef(created))
    return created
  }
}
