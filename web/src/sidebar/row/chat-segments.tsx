import { once } from '../../formats/once.ts'
import type { Conversation } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { toChatPath, toMessagePath } from '../../routing/routes.ts'
import { Button } from '../../components/buttons/button.tsx'
import { ChatSegmentsDocument, type ChatSegmentsQuery } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import styles from './chat-segments.module.css'
import { SourceIcon, toSourceName } from '../../conversations/source-icon.tsx'

type Segment = NonNullable<ChatSegmentsQuery['conversation']>['segments'][number]

const day = once(() => new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' }))
const dayAndTime = once(() => new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }))

/** The sessions that a conversation consists of, where each was held, and the way to its first message. */
export default function ChatSegments({ conversation }: { readonly conversation: Conversation }) {
  const { segments, error, loadMore } = useSegments(conversation)
  const isMore = segments !== null && segments.length < conversation.segmentCount
  return (
    <div className={styles.segments}>
      {error !== null && <p role="alert">{error}</p>}
      <ul className={styles.list} aria-busy={segments === null && error === null}>
        {segments?.map((segment) => (
          <li key={segment.id}>
            <SegmentLink segment={segment} />
          </li>
        ))}
      </ul>
      {isMore && (
        <Button kind="quiet" onClick={() => void loadMore()}>
          {strings.sidebar.moreSegments(conversation.segmentCount - segments.length)}
        </Button>
      )}
    </div>
  )
}

function SegmentLink({
  segment: { id, source, channel, startedAt, messageCount, messages },
}: {
  readonly segment: Segment
}) {
  const firstMessageId = messages.edges[0]?.node.id
  return (
    <Link
      className={styles.link}
      href={firstMessageId === undefined ? toChatPath(id) : toMessagePath(id, firstMessageId)}
    >
      <SourceIcon channel={channel} source={source} />
      <span className={styles.source}>{toSourceName(source)}</span>
      <span className={styles.details} title={dayAndTime().format(Date.parse(startedAt))}>
        {day().format(Date.parse(startedAt))} · {strings.sidebar.messages(messageCount)}
      </span>
    </Link>
  )
}

interface ReadSegments {
  /** Null until they are known. */
  readonly segments: readonly Segment[] | null
  readonly error: string | null
  loadMore(): void
}

function useSegments({ id, segmentCount }: Conversation): ReadSegments {
  const client = useSegueClient()
  const [count, setCount] = useState(1) // pages
  const [read, setRead] = useState<{ readonly segments: readonly Segment[] | null; readonly error: string | null }>({
    segments: null,
    error: null,
  })
  useEffect(() => {
    const leave = new AbortController()
    const readPages = async (): Promise<void> => {
      const segments: Segment[] = []
      for (let page = 0; page < count; page += 1) {
        const variables = { id, skip: segments.length }
        const { conversation } = await client.request(ChatSegmentsDocument, variables, { signal: leave.signal })
        segments.push(...(conversation?.segments ?? []))
      }
      setRead({ segments, error: null })
    }
    readPages().catch((error: unknown) => {
      if (!leave.signal.aborted)
        setRead({ segments: null, error: error instanceof Error ? error.message : String(error) })
    })
    return () => leave.abort()
    // A new segment is read when the conversation has one more.
  }, [client, id, segmentCount, count])
  return { ...read, loadMore: () => setCount(count + 1) }
}
