import { useSegueClient } from 'segue-client/react'
import { useState } from 'react'
import { Link } from 'wouter'
import { toChatPath } from '../../routing/routes.ts'
import { Button } from '../../components/buttons/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog/confirm-dialog.tsx'
import { formatDateTime } from '../../formats/format-time.ts'
import {
  ForgetApprovalRuleDocument,
  SettingsApprovalRulesDocument,
  type ShownApprovalRuleFragment,
} from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'
import styles from '../settings.module.css'

/** What runs without being asked for, because a person said so. Each can be taken back. */
export function ApprovalRules({ profile }: { readonly profile: string }) {
  const text = strings.settingsView.rules
  const query = useQuery(SettingsApprovalRulesDocument, { profile })
  const rules = query.data?.profile?.approvalRules ?? []
  const empty = <p className={styles.hint}>{text.empty}</p>
  return (
    <Section title={text.title} hint={text.hint} query={query} placeholder={empty}>
      {query.data && rules.length === 0 && empty}
      <ul className={styles.list} aria-label={text.title}>
        {rules.map((rule) => (
          <RuleItem key={rule.id} rule={rule} onForgotten={query.reload} />
        ))}
      </ul>
    </Section>
  )
}

interface RuleItemProps {
  readonly rule: ShownApprovalRuleFragment
  readonly onForgotten: () => void
}

function RuleItem({ rule: { id, tool, pattern, since, session }, onForgotten }: RuleItemProps) {
  const text = strings.settingsView.rules
  const client = useSegueClient()
  const [isOpen, setOpen] = useState(false)
  const forget = async (): Promise<void> => {
    await client.request(ForgetApprovalRuleDocument, { id })
    onForgotten()
  }
  return (
    <li className={styles.item}>
      <div className={styles.itemHeader}>
        <code className={styles.name}>{tool}</code>
        <span className={styles.hint}>
          {session ? (
            <>
              {text.inSession}{' '}
              <Link href={toChatPath(session.id)}>{session.title ?? strings.conversation.untitled}</Link>
            </>
          ) : (
            text.inProfile
          )}
        </span>
        <time className={styles.hint} dateTime={since}>
          {text.since(formatDateTime(since))}
        </time>
        <span className={styles.end}>
          <ConfirmDialog
            trigger={<Button aria-label={text.forgetOf(tool)}>{text.forget}</Button>}
            title={text.confirmTitle(tool)}
            text={text.confirmText}
            confirmLabel={text.forget}
            cancelLabel={text.keep}
            onConfirm={forget}
            isOpen={isOpen}
            onOpenChange={setOpen}
          />
        </span>
      </div>
      {pattern != null && (
        <p className={styles.hint}>
          {text.pattern} <code>{JSON.stringify(pattern)}</code>
        </p>
      )}
    </li>
  )
}
