import { strings } from '../strings/strings.ts'

/** What a conversation is called where it has no title. */
export function toShownTitle({ title }: { readonly title: string | null }): string {
  return title ?? strings.conversation.untitled
}
