import { type LiveChat, useChat } from 'segue-client/react'
import { popupOnDemand } from '../../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../../strings/strings.ts'
import { formatCount } from '../../../../formats/format-usage.ts'
import styles from '../settings.module.css'

const ContextDetails = popupOnDemand(() => import('./context-details.tsx'))

const circumference = 2 * Math.PI * 7

/** How full the context of the model is. Its popup says with what, and compacts it. */
export function ContextMeter({ chat }: { readonly chat: LiveChat }) {
  const { context, compacting } = useChat(chat, (state) => ({ context: state.context, compacting: state.compacting }))
  if (!context) return null
  const { tokens, window, compactsAt } = context
  const limit = compactsAt ?? window
  const share = limit === null ? null : Math.min(1, tokens / limit)
  const label = compacting
    ? strings.settings.compacting
    : share === null
      ? strings.settings.contextTokens(formatCount(tokens))
      : strings.settings.contextShare(Math.round(share * 100))
  return (
    <ContextDetails
      chat={chat}
      trigger={
        <button
          type="button"
          className={styles.meter}
          aria-label={label}
          title={label}
          data-full={(share !== null && share > 0.8) || undefined}
          data-compacting={compacting || undefined}
        >
          <svg viewBox="0 0 18 18" aria-hidden="true">
            <circle className={styles.meterTrack} cx="9" cy="9" r="7" />
            <circle
              className={styles.meterFill}
              cx="9"
              cy="9"
              r="7"
              strokeDasharray={`${circumference * (compacting ? 0.25 : (share ?? 0))} ${circumference}`}
            />
          </svg>
          {share === null && <span>{strings.transcript.tokens(formatCount(tokens))}</span>}
        </button>
      }
    />
  )
}
