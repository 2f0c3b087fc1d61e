import { Button } from '../components/buttons/button.tsx'
import { showNotice } from '../notices/notice-store.ts'
import { Section } from './section.tsx'
import { strings } from '../strings/strings.ts'
import { clearSnapshots } from '../graphql/snapshot-storage.ts'

const text = strings.offline

/** What this browser keeps so that it can be read without a connection, and a button that deletes it. */
export function BrowserData() {
  const clear = async (): Promise<void> => {
    await clearSnapshots()
    showNotice({ text: text.cleared })
  }
  return (
    <Section title={text.title} hint={text.hint}>
      <div>
        <Button onClick={() => void clear()}>{text.clear}</Button>
      </div>
    </Section>
  )
}
