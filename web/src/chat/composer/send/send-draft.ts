import type { LiveChat } from 'segue-client/react'
import type { Draft } from '../draft/draft.ts'
import type { SendMode } from './send-mode.ts'

/**
 * Sends what is written, in a new chat in the given profile. What the server refuses comes back into the draft; the reason is
 * the `error` of the chat. `mode` counts if an answer is being made.
 */
export async function sendDraft(chat: LiveChat, draft: Draft, mode: SendMode, profile: string): Promise<void> {
  const taken = draft.take()
  if (!taken) return
  const { instructions, model, effort } = draft.getSnapshot().settings
  const { sessionId, origin } = chat.getSnapshot()
  const isStored = sessionId !== null && origin === 'SEGUE'
  try {
    await chat.send({
      key: taken.key,
      text: taken.text,
      files: taken.files.flatMap(({ upload }) => upload?.file ?? []),
      ifBusy: mode,
      ...(!isStored && model !== undefined && { model }),
      ...(!isStored && effort !== undefined && { effort }),
      newSession: { profile, ...(instructions !== undefined && { instructions }) },
    })
    draft.settle(taken)
    // From now on, the session has them.
    draft.setSettings({})
  } catch (error) {
    draft.settle(taken, error)
  }
}
