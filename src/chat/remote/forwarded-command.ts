import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { DecisionCommand } from '../decisions/decision-command.ts'
import type { SendMessageRequest } from '../requests/send-message-request.ts'

/** A command for the process that runs a stream, with the arguments of the method of `ChatService` of the same name. */
export type ForwardedCommand =
  | { readonly name: 'start'; readonly request: SendMessageRequest }
  | { readonly name: 'cancel'; readonly streamId: string; readonly key: IdempotencyKey | null }
  | DecisionCommand
