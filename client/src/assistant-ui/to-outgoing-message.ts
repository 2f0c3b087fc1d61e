import type { AppendMessage, ThreadUserMessagePart } from '@assistant-ui/react'
import type { ChatInput, SegueClient } from '../segue-client.ts'
import { toServerFileUrl } from '../live-chat/server-file-url.ts'

type OutgoingFile = NonNullable<ChatInput['files']>[number]

/** The text and the files of a message that was written in a composer. */
export function toOutgoingMessage(
  { content, attachments = [] }: Pick<AppendMessage, 'content' | 'attachments'>,
  client: Pick<SegueClient, 'fileUrl'>,
): Required<Pick<ChatInput, 'text' | 'files'>> {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const files = [
    ...content.flatMap((part) => toFile(part, undefined, client) ?? []),
    ...attachments.flatMap(({ name, content: parts }) =>
      parts.flatMap((part) => toFile(part, name, client) ?? toTextFile(part, name) ?? []),
    ),
  ]
  return { text, files }
}

/** A page can set the model and the effort in the `custom` of its run configuration. */
export function toModelChoice({ runConfig }: AppendMessage): { readonly model?: string; readonly effort?: string } {
  const model = runConfig?.custom?.['model']
  const effort = runConfig?.custom?.['effort']
  return { ...(typeof model === 'string' && { model }), ...(typeof effort === 'string' && { effort }) }
}

function toFile(
  part: AppendMessage['content'][number] | ThreadUserMessagePart,
  attachmentName: string | undefined,
  client: Pick<SegueClient, 'fileUrl'>,
): OutgoingFile | null {
  if (part.type !== 'image' && part.type !== 'file') return null
  const name = part.filename ?? attachmentName
  const named = name === undefined ? {} : { name }
  if (part.type === 'image') {
    const url = toServerFileUrl(client, part.image)
    return { mediaType: /^data:([^;,]+)/.exec(url)?.[1] ?? 'image/*', url, ...named }
  }
  const isUrl = /^(?:data|https?):/i.test(part.data)
  const url = isUrl ? toServerFileUrl(client, part.data) : `data:${part.mimeType};base64,${part.data}`
  return { mediaType: part.mimeType, url, ...named }
}

/** assistant-ui reads text files itself. */
function toTextFile(part: ThreadUserMessagePart, name: string): OutgoingFile | null {
  if (part.type !== 'text') return null
  return { mediaType: 'text/plain', name, url: `data:text/plain;charset=utf-8,${encodeURIComponent(part.text)}` }
}
