import type { ApprovalRecord, DecisionRecord } from '../../model/decision.ts'
import type { DecisionStore } from '../../storage/decision-store.ts'

/** How many of the newest answers are looked at to find one that was given a moment ago. */
const maxExaminedApprovals = 1000

/** The tools that need no approval in one session. */
export class SessionToolGrants {
  readonly #store: Pick<DecisionStore, 'isGranted' | 'listDecisions'>
  readonly #sessionId: string

  constructor(store: Pick<DecisionStore, 'isGranted' | 'listDecisions'>, sessionId: string) {
    this.#store = store
    this.#sessionId = sessionId
  }

  /** Whether a person has granted this tool for the session or for always. */
  isGranted(tool: string): Promise<boolean> {
    return this.#store.isGranted(tool, this.#sessionId)
  }

  /** The newest approval by which calls of a tool need no further one. Null if they need one. */
  async findGrantingApproval(tool: string): Promise<ApprovalRecord | null> {
    if (!(await this.isGranted(tool))) return null
    const query = { kind: 'approval', isPending: false, preferLatest: true, limit: maxExaminedApprovals } as const
    const newest = (await this.#store.listDecisions(query)).findLast(({ decision }) => this.#grants(decision, tool))
    return newest?.decision.kind === 'approval' ? newest.decision : null
  }

  #grants(decision: DecisionRecord, tool: string): boolean {
    if (decision.kind !== 'approval' || decision.toolCall.name !== tool) return false
    if (decision.releasedBy !== undefined) return false
    return decision.decision === 'ALWAYS' || (decision.decision === 'SESSION' && decision.sessionId === this.#sessionId)
  }
}
