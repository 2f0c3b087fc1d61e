import { walkAncestors, continuesSession, type Lineage } from '../model/lineage.ts'
import type { SessionRecord } from '../model/session.ts'

export { isContinuable, continuesSession } from '../model/lineage.ts'

/** Walks up from a session to the root of its chain. */
export async function loadLineage(
  session: SessionRecord,
  load: (id: string) => Promise<SessionRecord | null>,
): Promise<Lineage<SessionRecord>> {
  const steps = walkAncestors(session, ({ parentId }) => parentId, continuesSession)
  let step = steps.next()
  while (!step.done) step = steps.next(await load(step.value))
  return step.value
}
