import { parseIdKind } from '../../lib/ids.ts'
import { TransferError } from '../transfer-error.ts'

interface DocumentSession {
  readonly parentId: string | null
  readonly location: string
}

/**
 * Asserts that every parent is a session of the document, or a Hermes session outside of it, and that no session is its
 * own ancestor. Throws a `TransferError` with the location of the session.
 */
export function assertValidParents(sessions: ReadonlyMap<string, DocumentSession>): void {
  const validIds = new Set<string>()
  for (const [id, { location }] of sessions) {
    const chain = new Set<string>()
    let current: string | null = id
    while (current !== null && !validIds.has(current)) {
      if (chain.has(current)) throw new TransferError(`${location}: The session ${current} continues itself.`)
      chain.add(current)
      current = findParentId(current, sessions)
    }
    for (const each of chain) validIds.add(each)
  }
}

function findParentId(id: string, sessions: ReadonlyMap<string, DocumentSession>): string | null {
  const { parentId = null, location = '' } = sessions.get(id) ?? {}
  if (parentId === null || sessions.has(parentId)) return parentId
  if (parseIdKind(parentId) === null) return null
  throw new TransferError(`${location}: There is no session ${parentId} in the document.`)
}
