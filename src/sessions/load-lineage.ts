import { ascent, continues, type Lineage } from '../model/lineage.ts'
import type { SessionRecord } from '../model/records.ts'

export { canBeContinued, continues } from '../model/lineage.ts'

/** Walks up from a session to the root of its chain. */
export async function lineageOf(
  session: SessionRecord,
  load: (id: string) => Promise<SessionRecord | null>,
): Promise<Lineage<SessionRecord>> {
  const steps = ascent(session, ({ parentId }) => parentId, continues)
  let step = steps.next()
  while (!step.done) step = steps.next(await load(step.value))
  return step.value
}
