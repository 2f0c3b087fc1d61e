import { Link } from 'wouter'
import { strings } from '../strings/strings.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { routes } from '../routing/routes.ts'

/** For a path that no view has. */
export function NotFoundView() {
  return (
    <EmptyState title={strings.notFound.title}>
      <Link href={routes.home}>{strings.notFound.newChat}</Link>
    </EmptyState>
  )
}
