import type { ApprovalDecision } from '../../../src/model/decision.ts'
import type { ChatInput } from '../segue-client.ts'

/** What the `body` of a request of the AI SDK may say to Segue. Anything else in it is ignored. */
export interface SegueRequestBody {
  /** `<provider>/<name>` */
  readonly model?: string
  /** One of `Model.efforts`. */
  readonly effort?: string
  readonly ifBusy?: NonNullable<ChatInput['ifBusy']>
  /** How far an approval reaches. Default: ONCE. */
  readonly decision?: Exclude<ApprovalDecision, 'DENY'>
}

export function parseRequestBody(body: object | undefined): SegueRequestBody {
  const { model, effort, ifBusy, decision } = {
    model: undefined,
    effort: undefined,
    ifBusy: undefined,
    decision: undefined,
    ...body,
  }
  return {
    ...(typeof model === 'string' && { model }),
    ...(typeof effort === 'string' && { effort }),
    ...(isOneOf(ifBusy, ['REJECT', 'QUEUE', 'INTERRUPT', 'STEER']) && { ifBusy }),
    ...(isOneOf(decision, ['ONCE', 'SESSION', 'ALWAYS']) && { decision }),
  }
}

function isOneOf<Value extends string>(value: unknown, values: readonly Value[]): value is Value {
  return values.some((other) => other === value)
}
