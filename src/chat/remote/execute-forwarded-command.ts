import type { Json } from '../../lib/text/json.ts'
import type { ChatService } from '../chat-service.ts'
import type { ForwardedCommand } from './forwarded-command.ts'

/** Executes a command that another process has forwarded. What it has written, the other process reads itself. */
export async function executeForwardedCommand(
  chats: Pick<ChatService, 'startForwarded' | 'cancel' | 'decisions' | 'queueManagement' | 'steering'>,
  command: ForwardedCommand,
): Promise<Json> {
  switch (command.name) {
    case 'start': {
      const started = await chats.startForwarded(command.request)
      return started && { id: started.id, joinedAtSeq: started.joinedAtSeq ?? null }
    }
    case 'cancel':
      return (await chats.cancel(command.streamId, command.key)).outcome
    case 'answerApproval':
      await chats.decisions.answerApproval(command.id, command.decision, command.details, command.key)
      return null
    case 'answerClarification':
      await chats.decisions.answerClarification(command.id, command.request, command.key)
      return null
    case 'updateMessage':
      await chats.queueManagement.updateMessage(command.streamId, command.changes, command.key)
      return null
    case 'moveMessage':
      await chats.queueManagement.moveMessage(command.streamId, command.before, command.key)
      return null
    case 'sendMessage':
      await chats.queueManagement.sendMessage(command.streamId, command.key)
      return null
    case 'withdraw':
      await chats.steering.withdraw(command.messageId, command.key)
      return null
  }
}
