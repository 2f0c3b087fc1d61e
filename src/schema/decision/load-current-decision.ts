import type { CrossProfileRecordLookup } from '../cross-profile-record-lookup.ts'
import type { NodeRecords } from '../node-finders.ts'

/**
 * A decision as it is now, given one as it was when it was requested or resolved. A resolved one does not change. One
 * that was deleted in the meantime stays as it was.
 */
export async function loadCurrentDecision<Type extends 'Approval' | 'Clarification'>(
  type: Type,
  decision: NodeRecords[Type],
  profiles: CrossProfileRecordLookup,
): Promise<NodeRecords[Type]> {
  return decision.state === 'PENDING' ? ((await profiles.find(type, decision.id)) ?? decision) : decision
}
