import { ErrorText } from '../error-text.tsx'
import { AlertDialog } from '@base-ui/react/alert-dialog'
import type { ReactElement } from 'react'
import { Button } from '../buttons/button.tsx'
import styles from './confirm-dialog.module.css'
import { useAction } from '../hooks/use-action.ts'

interface ConfirmDialogProps {
  /** The button that opens it. */
  readonly trigger: ReactElement
  readonly title: string
  /** What is lost, and what stays. */
  readonly text: string
  readonly confirmLabel: string
  readonly cancelLabel: string
  /** It closes when this has resolved; why it was refused is said in the dialog. */
  readonly onConfirm: () => Promise<void>
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
}

/** Asks before something that cannot be undone. The focus is on what does nothing. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { trigger, title, text, confirmLabel, cancelLabel, onConfirm, isOpen, onOpenChange } = props
  const { isRunning, error, run } = useAction()
  const confirm = async (): Promise<void> => {
    await onConfirm()
    onOpenChange(false)
  }
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <AlertDialog.Trigger render={trigger} />
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        <AlertDialog.Popup className={styles.popup}>
          <AlertDialog.Title className={styles.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={styles.text}>{text}</AlertDialog.Description>
          <ErrorText className={styles.error}>{error}</ErrorText>
          <div className={styles.buttons}>
            <AlertDialog.Close render={<Button />}>{cancelLabel}</AlertDialog.Close>
            <Button kind="danger" disabled={isRunning} onClick={() => run(confirm)}>
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
