import { ScrollText } from 'lucide-react'
import { getMessageText, type LiveChatMessage } from 'segue-client/react'
import { useState } from 'react'
import { Fold } from '../../../components/fold.tsx'
import { SummarizedCountDocument } from '../../../graphql/generated/graphql.ts'
import { useQuery } from '../../../graphql/use-query.ts'
import { strings } from '../../../strings/strings.ts'
import { Markdown } from '../../markdown/markdown.tsx'
import styles from './summary-message.module.css'

/** A summary of the messages before it, which the model is sent in their place. */
export function SummaryMessage({ message }: { readonly message: LiveChatMessage }) {
  const [isOpen, setOpen] = useState(false)
  const { data } = useQuery(SummarizedCountDocument, { id: message.id })
  const count = data?.message?.summarizedCount
  const { summary, summaryOf, summaryNote } = strings.transcript
  return (
    <Fold
      className={styles.summary}
      isOpen={isOpen}
      onToggle={() => setOpen(!isOpen)}
      title={
        <>
          <ScrollText className={styles.icon} aria-hidden="true" />
          <span>{typeof count === 'number' ? summaryOf(count) : summary}</span>
        </>
      }
    >
      <p className={styles.note}>{summaryNote}</p>
      <Markdown text={getMessageText(message)} isStreaming={false} />
    </Fold>
  )
}
