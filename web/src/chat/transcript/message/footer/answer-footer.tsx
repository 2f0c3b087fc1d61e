import { CircleCheck } from 'lucide-react'
import type { LiveChatMessage } from 'segue-client/react'
import { Fragment, useState } from 'react'
import { Fold } from '../../../../components/fold.tsx'
import { formatDuration } from '../../../../formats/format-duration.ts'
import { formatCost, formatCount } from '../../../../formats/format-usage.ts'
import { strings } from '../../../../strings/strings.ts'
import styles from './footer.module.css'
import { listFigures } from './list-figures.ts'
import { useDigestCheck } from './use-digest-check.ts'

/** What an answer took, in one line that unfolds, with a mark when the page has all of what was saved. */
export function AnswerFooter({ message }: { readonly message: LiveChatMessage }) {
  const [isOpen, setOpen] = useState(false)
  const check = useDigestCheck(message)
  const figures = isOpen ? listFigures(message) : []
  const { usage, stream } = message
  const line = [
    message.model?.replace(/^.*\//, ''),
    stream?.finishedAt ? formatDuration(stream.finishedAt - stream.startedAt) : null,
    usage && strings.transcript.tokens(formatCount(usage.inputTokens + usage.outputTokens)),
    usage?.cost && formatCost(usage.cost),
  ].filter(Boolean)
  if (line.length === 0) return null
  return (
    <Fold
      className={styles.figures}
      isOpen={isOpen}
      onToggle={() => setOpen(!isOpen)}
      title={
        <>
          <span>{line.join(' · ')}</span>
          {check === 'same' && (
            <CircleCheck className={styles.mark} role="img" aria-label={strings.transcript.verified} />
          )}
        </>
      }
    >
      <dl className={styles.details}>
        {figures.map(([term, value]) => (
          <Fragment key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
        {check !== null && (
          <>
            <dt>{strings.transcript.figures.check}</dt>
            <dd className={check === 'different' ? styles.differs : undefined}>
              {check === 'same' ? strings.transcript.verified : strings.transcript.differs}
            </dd>
          </>
        )}
      </dl>
    </Fold>
  )
}
