import { useServerInfo } from '../../../graphql/server-info.ts'
import type { ServerInfoQuery } from '../../../graphql/generated/graphql.ts'
import { strings } from '../../../strings/strings.ts'
import { formatBytes } from './format-bytes.ts'

/** What a message may have: `files` of up to `fileBytes`, and a text of `textLength` UTF-16 code units. */
export type MessageLimits = ServerInfoQuery['server']['limits']

/** The limits of the server. Null until they are known: then the server refuses by itself what is too much. */
export function useMessageLimits(): MessageLimits | null {
  return useServerInfo()?.limits ?? null
}

/** Why a message that has `count` files cannot have this one as well, for people. Null if it can. */
export function findFileProblem(
  { size }: Pick<Blob, 'size'>,
  count: number,
  limits: Pick<MessageLimits, 'files' | 'fileBytes'>,
): string | null {
  if (count >= limits.files) return strings.composer.files.tooMany(limits.files)
  if (size > limits.fileBytes) return strings.composer.files.tooLarge(formatBytes(size), formatBytes(limits.fileBytes))
  return size === 0 ? strings.composer.files.empty : null
}
