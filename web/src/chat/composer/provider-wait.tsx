import { type LiveChat, useChat } from 'segue-client/react'
import { useNow } from '../../components/hooks/use-now.ts'
import { strings } from '../../strings/strings.ts'
import { ComposerNotice } from './composer-notice.tsx'

/** Says how long the answer waits because its provider asked for it. */
export function ProviderWait({ chat }: { readonly chat: LiveChat }) {
  const retryAt = useChat(chat, ({ activeStream }) => activeStream?.retryAt ?? 0)
  const waitMs = retryAt - useNow(retryAt)
  if (waitMs <= 0) return null
  return <ComposerNotice kind="wait">{strings.actions.providerWaits(retryAt, waitMs)}</ComposerNotice>
}
