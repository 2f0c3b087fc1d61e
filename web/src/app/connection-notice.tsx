import { useConnection } from 'segue-client/react'
import { strings } from '../strings/strings.ts'
import styles from './connection-notice.module.css'

/** Says that the server cannot be reached. The client library reconnects by itself, and the notice goes then. */
export function ConnectionNotice() {
  const { isLost } = useConnection()
  return <div role="status">{isLost && <p className={styles.notice}>{strings.connection.lost}</p>}</div>
}
