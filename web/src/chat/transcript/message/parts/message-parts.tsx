import type { LiveChatMessage } from 'segue-client/react'
import { Fragment } from 'react'
import { ToolCallView } from '../../../tools/tool-call-view.tsx'
import { Markdown } from '../../../markdown/markdown.tsx'
import { MessageFile } from '../../files/message-file.tsx'
import { ReasoningPart } from './reasoning-part.tsx'
import { SteeredMessage } from './steered-message.tsx'

interface MessagePartsProps {
  readonly message: LiveChatMessage
  /** The messages that joined it while it was made. */
  readonly steered: readonly LiveChatMessage[]
}

/** The parts of a message in order, with the messages that joined it where they did. */
export function MessageParts({ message, steered }: MessagePartsProps) {
  const { parts } = message
  const atEnd = steered.filter(({ steering }) => (steering?.partIndex ?? parts.length) >= parts.length)
  return (
    <>
      {parts.map((_, index) => (
        // Parts keep their place.
        <Fragment key={index}>
          {steered
            .filter(({ steering }) => steering?.partIndex === index)
            .map((each) => (
              <SteeredMessage key={each.id} message={each} />
            ))}
          <Part message={message} index={index} />
        </Fragment>
      ))}
      {atEnd.map((each) => (
        <SteeredMessage key={each.id} message={each} />
      ))}
    </>
  )
}

function Part({ message, index }: Pick<MessagePartsProps, 'message'> & { readonly index: number }) {
  const part = message.parts[index]
  if (!part) return null
  const isLive = message.status === 'STREAMING' && part.endedAt === undefined && index === message.parts.length - 1
  switch (part.type) {
    case 'text':
      return part.text === '' ? null : <Markdown text={part.text} isStreaming={isLive} />
    case 'reasoning':
      return part.text === '' ? null : <ReasoningPart part={part} isLive={isLive} />
    case 'tool':
      return <ToolCallView call={part.call} decisions={message.decisions[part.call.id]} />
    case 'file':
      return <MessageFile file={part} />
  }
}
