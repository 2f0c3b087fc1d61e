import { useConnection } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import styles from './connection-notice.module.css'
import { useDelayed } from './use-delayed.ts'

/** A loss that is over by then is none to speak of. */
const delayMs = 1000

/** Says that the server cannot be reached. The client library reconnects by itself, and the notice goes then. */
export function ConnectionNotice() {
  const { isLost } = useConnection()
  const isShown = useDelayed(isLost, delayMs)
  return <div role="status">{isShown && <p className={styles.notice}>{strings.connection.lost}</p>}</div>
}
