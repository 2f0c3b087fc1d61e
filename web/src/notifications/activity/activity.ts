import type { Approval, Clarification } from 'segue-client'

/** Something that a person may want to know at once: an answer has ended, or something asks. */
export type Activity =
  | { readonly kind: 'ended'; readonly id: string; readonly sessionId: string; readonly streamId: string }
  | {
      readonly kind: 'asks'
      readonly id: string
      readonly sessionId: string
      readonly streamId: string
      readonly decision: Approval | Clarification
    }
