import { Link } from 'wouter'
import { routes } from '../routing/routes.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { strings } from '../strings/strings.ts'

/** In place of a chat that the server does not have, such as one that was deleted. */
export function MissingChat() {
  return (
    <EmptyState title={strings.chat.missingTitle}>
      <p>{strings.chat.missingHint}</p>
      <Link href={routes.home}>{strings.notFound.newChat}</Link>
    </EmptyState>
  )
}
