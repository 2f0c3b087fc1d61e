import { strings } from '../../../strings/strings.ts'
import type { DraftState } from '../draft/draft-state.ts'

/** Why a draft cannot be sent, for people. Empty: there is nothing to send. Null: it can be sent. */
export function findSendProblem({ text, files }: DraftState, textLength: number): string | null {
  if (text.length > textLength) return strings.composer.tooLong(text.length, textLength)
  if (files.some(({ status }) => status === 'failed')) return strings.composer.failedFiles
  if (files.some(({ status }) => status === 'uploading')) return strings.composer.waitForFiles
  return text.trim() === '' && files.length === 0 ? '' : null
}
