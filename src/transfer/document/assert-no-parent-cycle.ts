import { ExportImportError } from '../export-import-error.ts'

interface DocumentSession {
  /** The session that it continues, or whose place it takes. */
  readonly aboveId: string | null
  readonly location: string
}

/**
 * Asserts that no session is its own ancestor. Parents outside of the document end a chain. Throws an `ExportImportError`
 * with the location of the session.
 */
export function assertNoParentCycle(sessions: ReadonlyMap<string, DocumentSession>): void {
  const validIds = new Set<string>()
  for (const [id, { location }] of sessions) {
    const chain = new Set<string>()
    let current: string | null = id
    while (current !== null && !validIds.has(current)) {
      if (chain.has(current)) throw new ExportImportError(`${location}: The session ${current} continues itself.`)
      chain.add(current)
      current = sessions.get(current)?.aboveId ?? null
    }
    for (const each of chain) validIds.add(each)
  }
}
