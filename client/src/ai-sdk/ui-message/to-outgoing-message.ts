import type { ChatInput } from '../../segue-client.ts'
import type { SegueUIMessage } from './segue-ui-message.ts'

/** The text and the files of a user's message. */
export function toOutgoingMessage({ parts }: SegueUIMessage): Required<Pick<ChatInput, 'text' | 'files'>> {
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n'),
    files: parts.flatMap((part) => {
      if (part.type !== 'file') return []
      const { mediaType, url, filename } = part
      return [{ mediaType, url, ...(filename !== undefined && { name: filename }) }]
    }),
  }
}
