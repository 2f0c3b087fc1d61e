import { createBadInputError } from '../../lib/errors.ts'
import type { SessionRecord } from '../session.ts'

type Titled = Pick<SessionRecord, 'title' | 'titleSource'>

const maxTitleLength = 200 // UTF-16 code units

/** The number that Hermes adds to the title of a continuation. */
const copyNumberSuffix = / #\d+$/

/**
 * Returns a title that a person entered as one line without control characters. Throws BAD_USER_INPUT if it is empty or
 * longer than 200 code units.
 */
export function normalizeTitle(title: string): string {
  const normalized = title
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (normalized === '')
    throw createBadInputError('The title is empty. Use at least one visible character.', 'input', 'title')
  if (normalized.length > maxTitleLength)
    throw createBadInputError(`The title is too long. Use at most ${maxTitleLength} characters.`, 'input', 'title')
  return normalized
}

/**
 * Returns the title that a continuation or fork takes over from `session`. A title from Hermes counts as a person's,
 * so that no model replaces it.
 */
export function inheritTitle(session: (Titled & Pick<SessionRecord, 'origin'>) | null): Titled {
  const title = session?.title ?? null
  const inheritedSource = session?.origin === 'HERMES' ? null : session?.titleSource
  return { title, titleSource: title === null ? null : (inheritedSource ?? 'PERSON') }
}

/** What the title of a conversation depends on. `givenTitle`: null stands for the title of the root. */
interface TitledConversation {
  readonly givenTitle?: string | null
  readonly root: Pick<SessionRecord, 'title'>
  readonly tip: Pick<SessionRecord, 'title'>
}

/**
 * Returns the title of a conversation: the one that a person gave it in Segue, otherwise that of its root. Where the root has
 * none, as after Hermes has moved a title from a session to its continuation, it is that of the tip.
 */
export function deriveConversationTitle({ givenTitle, root, tip }: TitledConversation): string | null {
  return givenTitle ?? root.title ?? tip.title
}

/**
 * Whether a person gave the tip of a conversation another title than the root has, apart from a number at its end. Where
 * conversations have no titles of their own, as in old documents, this is how a person renames one.
 */
export function isRenamed(root: Titled, tip: Titled): boolean {
  return (
    tip.title !== null &&
    (tip.titleSource ?? 'PERSON') === 'PERSON' &&
    tip.title.replace(copyNumberSuffix, '') !== root.title?.replace(copyNumberSuffix, '')
  )
}
