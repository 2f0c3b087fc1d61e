import type { LiveChat } from 'segue-client/react'
import { Dices, Image, ListTodo, MessageCircleQuestion, MessagesSquare } from 'lucide-react'
import { useDraft } from '../composer/draft/use-draft.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { strings } from '../../strings/strings.ts'
import styles from './first-run.module.css'

/** Messages that show what the offline agent can do. The commands are its own, and no words to translate. */
const suggestions = [
  { Icon: MessagesSquare, label: strings.firstRun.suggestions.talk, text: strings.firstRun.suggestions.talkText },
  { Icon: Dices, label: strings.firstRun.suggestions.tool, text: '/tool roll_dice {"count": 2}' },
  {
    Icon: MessageCircleQuestion,
    label: strings.firstRun.suggestions.question,
    text: `/ask ${strings.firstRun.suggestions.questionText}`,
  },
  { Icon: ListTodo, label: strings.firstRun.suggestions.form, text: `/form ${strings.firstRun.suggestions.formText}` },
  { Icon: Image, label: strings.firstRun.suggestions.image, text: `/image ${strings.firstRun.suggestions.imageText}` },
]

/** Buttons that put a message into the composer, where it can be changed before it is sent. */
export function Suggestions({ chat }: { readonly chat: LiveChat }) {
  const draft = useDraft(chat)
  const choose = (text: string): void => {
    const written = draft.getSnapshot().text
    // Nothing that a person has written is lost: only another suggestion gives way.
    const isOwn = written.trim() !== '' && !suggestions.some((suggestion) => suggestion.text === written)
    if (isOwn) draft.giveBack(text)
    else draft.setText(text)
    focusComposer()
  }
  return (
    <ul className={styles.suggestions} aria-label={strings.firstRun.suggestions.title}>
      {suggestions.map(({ Icon, label, text }) => (
        <li key={text}>
          <button type="button" className={styles.suggestion} onClick={() => choose(text)}>
            <Icon aria-hidden="true" />
            {label}
          </button>
        </li>
      ))}
    </ul>
  )
}
