import { getMessageText, type LiveChat, type LiveChatMessage } from 'segue-client/react'
import { useEffect } from 'react'
import type { Draft } from '../composer/draft/draft.ts'
import { getDraftFiles } from '../composer/draft/message-draft.ts'
import { useDraftState, useNamedDraft } from '../composer/draft/use-draft.ts'
import { useChatProfile } from '../composer/settings/profile/use-chat-profile.ts'
import { findSendProblem } from '../composer/send/find-send-problem.ts'

interface MessageEdit {
  readonly draft: Draft
  readonly text: string
  /** As of `findSendProblem`. */
  readonly problem: string | null
  /** Tries the turn again with what is written. What the server refuses stays; the reason is the error of the chat. */
  send(onSent: () => void): Promise<void>
}

/** What is written in place of a message. It begins with the message, unless an earlier change was not sent. */
export function useMessageEdit(chat: LiveChat, message: LiveChatMessage, textLength: number): MessageEdit {
  const draft = useNamedDraft(`edit ${message.originalId}`)
  useChatProfile(chat, draft)
  const isLoaded = useDraftState(draft, (state) => state.isLoaded)
  const text = useDraftState(draft, (state) => state.text)
  const problem = useDraftState(draft, (state) => findSendProblem(state, textLength))
  useEffect(() => {
    if (!isLoaded) return
    draft.settleLost(() => false)
    const { text: known, files } = draft.getSnapshot()
    if (known === '' && files.length === 0) draft.giveBack(getMessageText(message), getDraftFiles(message))
    // Only when it opens: what follows is what the person does.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [draft, isLoaded])
  const send = async (onSent: () => void): Promise<void> => {
    const taken = problem === null ? draft.take() : null
    if (!taken) return
    const files = taken.files.flatMap(({ upload }) => upload?.file ?? [])
    try {
      await chat.regenerate(message.id, { text: taken.text, files })
      draft.settle(taken)
      onSent()
    } catch (error) {
      draft.settle(taken, error)
    }
  }
  return { draft, text, problem, send }
}
