import { strings } from '../../strings/strings.ts'
import { Button } from '../buttons/button.tsx'
import { EmptyState } from '../empty-state.tsx'

/** In place of a view that cannot be rendered. */
export function FailedView() {
  return (
    <EmptyState title={strings.failedView.title}>
      <p>{strings.failedView.hint}</p>
      <Button onClick={() => location.reload()}>{strings.failedView.reload}</Button>
    </EmptyState>
  )
}
