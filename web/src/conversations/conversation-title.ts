import { strings } from '../strings/strings.ts'

/** Characters that change the direction of what follows them: of a title, they would turn around the text behind it. */
const directionChanges = /[\u202A-\u202E\u2066-\u2069]/g

/** What a conversation is called. */
export function toShownTitle({ title }: { readonly title: string | null }): string {
  return title?.replaceAll(directionChanges, '') ?? strings.conversation.untitled
}
