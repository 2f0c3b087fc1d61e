import { useState } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog/confirm-dialog.tsx'
import { ErrorText } from '../../components/error-text.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { SettingsViewerDocument } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'
import { hasUnsentWords, signOut } from './sign-out.ts'

/** Whose token this browser uses, and the way to sign out. Not shown where the server needs no token. */
export function SignedIn() {
  const text = strings.settingsView.signedIn
  const viewer = useQuery(SettingsViewerDocument, {}).data?.server.viewer
  const { error, isRunning, run } = useAction()
  const [isAsking, setAsking] = useState(false)
  if (viewer?.name == null) return null
  const ask = async (): Promise<void> => {
    if (await hasUnsentWords()) setAsking(true)
    else await signOut()
  }
  return (
    <Section title={text.title}>
      <p>{text.as(viewer.name, text.roles[viewer.role])}</p>
      <ErrorText>{error}</ErrorText>
      <div>
        <ConfirmDialog
          trigger={<Button disabled={isRunning}>{text.signOut}</Button>}
          title={text.confirmTitle}
          text={text.confirmText}
          confirmLabel={text.signOut}
          cancelLabel={text.stay}
          onConfirm={signOut}
          isOpen={isAsking}
          onOpenChange={(isOpen) => (isOpen ? run(ask) : setAsking(false))}
        />
      </div>
    </Section>
  )
}
