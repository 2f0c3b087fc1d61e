import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { DecisionCommand } from '../decisions/decision-command.ts'
import type { QueueCommand } from '../requests/queue-command.ts'
import type { SendMessageRequest } from '../requests/send-message-request.ts'

/** A command for the process that runs a stream, with the arguments of the method of the same name. */
export type ForwardedCommand =
  | { readonly name: 'start'; readonly request: SendMessageRequest }
  | { readonly name: 'cancel'; readonly streamId: string; readonly key: IdempotencyKey | null }
  | { readonly name: 'withdraw'; readonly messageId: string; readonly key: IdempotencyKey | null }
  | DecisionCommand
  | QueueCommand
