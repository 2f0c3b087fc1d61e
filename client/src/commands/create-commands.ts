import { loadOnDemand } from '../environment/load-on-demand.ts'
import type { RequestSender } from '../http/request-sender.ts'
import type { CancelResult, SegueClient } from '../segue-client.ts'
import { answerApprovalDocument, answerClarificationDocument, cancelStreamDocument } from '../wire/documents.ts'
import { toChatStream } from '../wire/to-chat-event.ts'
import { toApproval, toClarification } from '../wire/to-decision.ts'
import { toChatMessage } from '../wire/to-message.ts'
import type { WireApproval, WireClarification, WireMessage, WireStream } from '../wire/wire-types.ts'
import type { CommandOnDemand } from './create-commands-on-demand.ts'
import { sendForResult } from './send-for-result.ts'

interface WireCancelResult extends Pick<CancelResult, 'outcome'> {
  readonly stream: WireStream
  readonly message: WireMessage | null
  readonly withdrawn: readonly WireMessage[]
}

type Command = CommandOnDemand | 'cancel' | 'answerApproval' | 'answerClarification'

/**
 * The methods of a client that send one operation. Those that a page needs while an answer is being made are at hand, the
 * others are loaded with the first of them that is called.
 */
export function createCommands(requests: RequestSender): Pick<SegueClient, Command> {
  const load = async (): Promise<Pick<SegueClient, CommandOnDemand>> => {
    const { createCommandsOnDemand } = await loadOnDemand(import('./create-commands-on-demand.ts'))
    return createCommandsOnDemand(requests)
  }
  return {
    cancel: async (id, options) => {
      const { outcome, stream, message, withdrawn } = await sendForResult<WireCancelResult>(
        requests,
        cancelStreamDocument,
        { id },
        options,
      )
      return {
        outcome,
        stream: toChatStream(stream),
        message: message && toChatMessage(message),
        withdrawn: withdrawn.map(toChatMessage),
      }
    },
    answerApproval: async (id, answer, options) =>
      toApproval(await sendForResult<WireApproval>(requests, answerApprovalDocument, { ...answer, id }, options)),
    answerClarification: async (id, answer, options) =>
      toClarification(
        await sendForResult<WireClarification>(requests, answerClarificationDocument, { ...answer, id }, options),
      ),
    withdraw: async (...args) => (await load()).withdraw(...args),
    updateQueued: async (...args) => (await load()).updateQueued(...args),
    moveQueued: async (...args) => (await load()).moveQueued(...args),
    sendQueued: async (...args) => (await load()).sendQueued(...args),
    createSession: async (...args) => (await load()).createSession(...args),
    updateSession: async (...args) => (await load()).updateSession(...args),
    session: async (...args) => (await load()).session(...args),
    updateConversation: async (...args) => (await load()).updateConversation(...args),
    deleteConversation: async (...args) => (await load()).deleteConversation(...args),
    markRead: async (...args) => (await load()).markRead(...args),
    usage: async (...args) => (await load()).usage(...args),
    approvalRules: async (...args) => (await load()).approvalRules(...args),
    forgetApproval: async (...args) => (await load()).forgetApproval(...args),
  }
}
