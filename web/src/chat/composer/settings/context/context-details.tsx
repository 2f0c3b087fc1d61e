import { once } from '../../../../formats/once.ts'
import { ErrorText } from '../../../../components/error-text.tsx'
import { type LiveChat, useChat, useSegueClient } from 'segue-client/react'
import { Button } from '../../../../components/buttons/button.tsx'
import { Popover } from '../../../../components/popups/popover.tsx'
import type { OnDemandPopupProps } from '../../../../components/popups/popup-on-demand.tsx'
import { useAction } from '../../../../components/hooks/use-action.ts'
import { CompactSessionDocument } from '../../../../graphql/generated/graphql.ts'
import { strings } from '../../../../strings/strings.ts'
import styles from './context-details.module.css'

const number = once(() => new Intl.NumberFormat('en'))

interface ContextDetailsProps extends OnDemandPopupProps {
  readonly chat: LiveChat
}

/** What the model is sent, in tokens, when the session is compacted, and a button that does it now. */
export default function ContextDetails({ trigger, chat }: ContextDetailsProps) {
  const client = useSegueClient()
  const { run, isRunning, error } = useAction()
  const { context, sessionId, isBusy, compacting } = useChat(chat, (state) => ({
    context: state.context,
    sessionId: state.sessionId,
    isBusy: state.activeStream !== null || state.queue.length > 0,
    compacting: state.compacting,
  }))
  if (!context || sessionId === null) return trigger
  const { tokens, window, compactsAt, estimated, instructions, tools, history } = context
  const text = strings.settings
  const parts = [
    { name: text.contextParts.instructions, key: 'instructions', value: instructions },
    { name: text.contextParts.tools, key: 'tools', value: tools },
    { name: text.contextParts.history, key: 'history', value: history },
  ]
  const whole = Math.max(window ?? compactsAt ?? tokens, tokens, 1)
  const compact = async (): Promise<void> => {
    await client.request(CompactSessionDocument, { id: sessionId })
  }
  return (
    <Popover trigger={trigger} title={text.context} align="end" side="top">
      <div className={styles.bar} aria-hidden="true">
        {parts.map(({ key, value }) => (
          <span key={key} data-part={key} style={{ width: `${(value / whole) * 100}%` }} />
        ))}
      </div>
      <dl className={styles.parts}>
        {parts.map(({ name, key, value }) => (
          <div key={key} data-part={key}>
            <dt>{name}</dt>
            <dd>{number().format(value)}</dd>
          </div>
        ))}
        <div>
          <dt>{text.contextParts.all}</dt>
          <dd>
            {window === null
              ? number().format(tokens)
              : text.tokensOf(number().format(tokens), number().format(window))}
          </dd>
        </div>
      </dl>
      <p className={styles.note}>
        {compactsAt === null ? text.compactsNever : text.compactsAt(number().format(compactsAt))}{' '}
        {estimated && text.estimated}
      </p>
      <ErrorText className={styles.error}>{error}</ErrorText>
      <Button disabled={isRunning || isBusy || compacting} onClick={() => run(compact)}>
        {isRunning || compacting ? text.compacting : text.compact}
      </Button>
    </Popover>
  )
}
