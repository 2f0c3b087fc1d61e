import type { LiveChat } from 'segue-client/react'
import { useState } from 'react'
import { Button } from '../../../../components/buttons/button.tsx'
import { Dialog } from '../../../../components/popups/dialog.tsx'
import type { OnDemandPopupProps } from '../../../../components/popups/popup-on-demand.tsx'
import { useAction } from '../../../../components/hooks/use-action.ts'
import { strings } from '../../../../strings/strings.ts'
import type { Draft } from '../../draft/draft.ts'
import { findComposer } from '../../../../shortcuts/focus-composer.ts'
import styles from './instructions-dialog.module.css'
import { useInstructions } from './use-instructions.ts'

interface InstructionsDialogProps extends OnDemandPopupProps {
  readonly chat: LiveChat
  readonly draft: Draft
  readonly profile: string
}

const maxLength = 65_536 // UTF-16 code units, the server's limit

/** What the model is told in this chat, in place of the instructions of the profile. */
export default function InstructionsDialog({ trigger, chat, draft, profile }: InstructionsDialogProps) {
  const [isOpen, setOpen] = useState(true)
  const { own, ofProfile, error: readError, save } = useInstructions(chat, draft, profile, isOpen)
  const [edited, setEdited] = useState<string | null>(null)
  const { run, isRunning, error } = useAction()
  const text = edited ?? own ?? ''
  const saveAndClose = (instructions: string): void =>
    run(async () => {
      await save(instructions)
      setEdited(null)
      setOpen(false)
    })
  return (
    <Dialog
      trigger={trigger}
      title={strings.settings.instructions}
      isOpen={isOpen}
      onOpenChange={setOpen}
      finalFocus={findComposer}
    >
      <p className={styles.about}>{strings.settings.instructionsAbout}</p>
      <textarea
        className={styles.text}
        aria-label={strings.settings.ownInstructions}
        value={text}
        maxLength={maxLength}
        rows={8}
        onChange={({ target }) => setEdited(target.value)}
      />
      {ofProfile !== null && (
        <details className={styles.profile}>
          <summary>{strings.settings.profileInstructions(profile)}</summary>
          <p>{ofProfile}</p>
        </details>
      )}
      {(error ?? readError) !== null && (
        <p className={styles.error} role="alert">
          {error ?? readError}
        </p>
      )}
      <div className={styles.buttons}>
        <Button kind="quiet" disabled={isRunning || (own ?? '') === ''} onClick={() => saveAndClose('')}>
          {strings.settings.useProfileInstructions}
        </Button>
        <Button kind="primary" disabled={isRunning || edited === null} onClick={() => saveAndClose(text)}>
          {strings.settings.save}
        </Button>
      </div>
    </Dialog>
  )
}
