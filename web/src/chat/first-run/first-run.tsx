import type { LiveChat } from 'segue-client/react'
import styles from './first-run.module.css'
import { ModelSetup } from './model-setup.tsx'
import { Suggestions } from './suggestions.tsx'
import { isOfflineOnly, useFirstRun } from './use-first-run.ts'

/** Below the composer of a new chat, while there is no model but the offline agent: what to try, and how to add one. */
export default function FirstRun({ chat }: { readonly chat: LiveChat }) {
  const found = useFirstRun()
  if (!found?.profile) return null
  const { profile } = found
  if (!isOfflineOnly(found)) return null
  const providers = profile.providers.filter(({ name }) => name !== 'offline')
  // Whoever has a model, and has chosen the offline agent, knows how.
  const hasModel = providers.some(({ state }) => state === 'READY')
  return (
    <div className={styles.firstRun}>
      <Suggestions chat={chat} />
      {!hasModel && (
        <ModelSetup
          providers={providers}
          hermes={found.server.hermes}
          isFirst={found.conversations.edges.length === 0}
        />
      )}
    </div>
  )
}
