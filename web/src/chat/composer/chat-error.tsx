import { type LiveChat, useChat } from 'segue-client/react'
import { useState } from 'react'
import { ComposerNotice } from './composer-notice.tsx'

/** What the server refused last, until it is dismissed or the next action begins. */
export function ChatError({ chat }: { readonly chat: LiveChat }) {
  const error = useChat(chat, (state) => state.error)
  const [dismissed, dismiss] = useState<Error | null>(null)
  if (!error || error === dismissed) return null
  return (
    <ComposerNotice kind="error" onDismiss={() => dismiss(error)}>
      {error.message}
    </ComposerNotice>
  )
}
