import { Lightbulb } from 'lucide-react'
import type { MessagePart } from 'segue-client'
import { memo } from 'react'
import { Fold } from '../../../../components/fold.tsx'
import { LiveDuration } from '../../../../components/live-duration.tsx'
import { formatDuration } from '../../../../formats/format-duration.ts'
import { strings } from '../../../../strings/strings.ts'
import { Markdown } from '../../../markdown/markdown.tsx'
import { useFold } from '../../scroll/use-fold.ts'
import styles from './parts.module.css'

const minShownMs = 100

interface ReasoningPartProps {
  readonly part: Extract<MessagePart, { readonly type: 'reasoning' }>
  readonly isLive: boolean
}

/** What the model thought. It can be read while it comes, and folds when it has ended. */
export const ReasoningPart = memo(function ReasoningPart({ part, isLive }: ReasoningPartProps) {
  const [isOpen, toggle] = useFold(isLive)
  return (
    <Fold
      isOpen={isOpen}
      onToggle={toggle}
      title={
        <>
          <Lightbulb className={styles.icon} aria-hidden="true" />
          <span className={isLive ? styles.working : undefined}>
            <ReasoningTitle part={part} isLive={isLive} />
          </span>
        </>
      }
    >
      <div className={styles.reasoning}>
        <Markdown text={part.text} isStreaming={isLive} />
      </div>
    </Fold>
  )
})

function ReasoningTitle({ part: { startedAt, endedAt }, isLive }: ReasoningPartProps) {
  const { thinking, thought, thoughtFor } = strings.transcript
  if (!isLive) {
    const took = startedAt === undefined || endedAt === undefined ? 0 : endedAt - startedAt
    return took < minShownMs ? thought : thoughtFor(formatDuration(took))
  }
  return (
    <>
      {thinking} {startedAt !== undefined && <LiveDuration since={startedAt} />}
    </>
  )
}
