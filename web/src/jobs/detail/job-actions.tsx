import { ErrorText } from '../../components/error-text.tsx'
import { Pause, Pencil, Play, RotateCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { routes } from '../../routing/routes.ts'
import { Button } from '../../components/buttons/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog/confirm-dialog.tsx'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { strings } from '../../strings/strings.ts'
import { toJobEditPath } from '../job-paths.ts'
import { useJobCommands } from '../use-job-commands.ts'
import type { JobDetails } from './job-details.ts'
import styles from './job-page.module.css'

interface JobActionsProps {
  readonly job: JobDetails
  readonly onChange: () => void
}

/** What can be done with a job of Segue. */
export function JobActions({ job, onChange }: JobActionsProps) {
  const text = strings.jobs.actions
  const { id, enabled, state } = job
  const { runNow, setEnabled } = useJobCommands()
  const { isRunning, error, run } = useAction()
  const act = (action: () => Promise<void>): void => run(() => action().finally(onChange))
  return (
    <>
      <Button kind="primary" disabled={isRunning || state === 'RUNNING'} onClick={() => act(() => runNow(id))}>
        <Play aria-hidden="true" />
        {text.runNow}
      </Button>
      <Button disabled={isRunning || state === 'COMPLETED'} onClick={() => act(() => setEnabled(id, !enabled))}>
        {enabled ? <Pause aria-hidden="true" /> : <RotateCw aria-hidden="true" />}
        {enabled ? text.pause : text.resume}
      </Button>
      <Link href={toJobEditPath(id)} className={styles.editLink}>
        <Pencil aria-hidden="true" />
        {text.edit}
      </Link>
      <DeleteJob job={job} />
      <ErrorText className={styles.error}>{error}</ErrorText>
    </>
  )
}

function DeleteJob({ job: { id, name } }: { readonly job: JobDetails }) {
  const text = strings.jobs.actions
  const { remove } = useJobCommands()
  const [isOpen, setOpen] = useState(false)
  const removeAndLeave = async (): Promise<void> => {
    await remove(id)
    navigate(routes.jobs, { replace: true })
  }
  return (
    <ConfirmDialog
      trigger={
        <IconButton label={text.delete}>
          <Trash2 />
        </IconButton>
      }
      title={text.deleteTitle(name)}
      text={text.deleteText}
      confirmLabel={text.delete}
      cancelLabel={text.cancel}
      onConfirm={removeAndLeave}
      isOpen={isOpen}
      onOpenChange={setOpen}
    />
  )
}
