import { turnScheduler } from '../../../lib/event-loop/turn-scheduler.ts'
import type { MessageRecord } from '../../../model/message.ts'
import { messageFromRow, type MessageRow } from '../../rows/message-row.ts'

/** How much text is parsed at once, in UTF-16 code units, beyond the last message. */
const maxUnitsAtOnce = 262_144

/** Parses messages, which can have megabytes each, and yields to the event loop in between. */
export async function parseMessagesInSteps(rows: readonly MessageRow[], profile: string): Promise<MessageRecord[]> {
  const messages: MessageRecord[] = []
  let units = 0
  for (const row of rows) {
    if (units >= maxUnitsAtOnce) {
      units = 0
      if (turnScheduler.mustWait()) await turnScheduler.wait()
    }
    units += row.parts.length
    messages.push(messageFromRow(row, profile))
  }
  return messages
}
