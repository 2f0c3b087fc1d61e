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
  readonly root: Titled
  readonly tip: Titled & Pick<SessionRecord, 'origin'>
}

/**
 * Returns the title of a conversation: the one that a person gave it, otherwise that of its root, unless its tip was renamed
 * in Hermes. A title that the tip inherited, perhaps with a number added, or that a model chose, is not a new name.
 */
export function deriveConversationTitle({ givenTitle, root, tip }: TitledConversation): string | null {
  if (typeof givenTitle === 'string') return givenTitle
  if (root.title === null) return tip.title
  const isRenamedInHermes = givenTitle === undefined && tip.origin === 'HERMES' && isRenamed(root, tip)
  return isRenamedInHermes ? tip.title : root.title
}

/** Whether a person gave the tip of a conversation another title than the root has, apart from a number at its end. */
export function isRenamed(root: Titled, tip: Titled): boolean {
  return (
    tip.title !== null &&
    (tip.titleSource ?? 'PERSON') === 'PERSON' &&
    tip.title.replace(copyNumberSuffix, '') !== root.title?.replace(copyNumberSuffix, '')
  )
}
