import { toServerFileUrl } from '../../live-chat/server-file-url.ts'
import type { ChatInput, SegueClient } from '../../segue-client.ts'
import type { SegueUIMessage } from './segue-ui-message.ts'

/** The text and the files of a user's message. */
export function toOutgoingMessage(
  { parts }: SegueUIMessage,
  client: Pick<SegueClient, 'fileUrl'>,
): Required<Pick<ChatInput, 'text' | 'files'>> {
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n'),
    files: parts.flatMap((part) => {
      if (part.type !== 'file') return []
      const { mediaType, url, filename } = part
      return [{ mediaType, url: toServerFileUrl(client, url), ...(filename !== undefined && { name: filename }) }]
    }),
  }
}
