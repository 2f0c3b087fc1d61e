import { onTestFinished } from 'vitest'
import { runSql } from './test-postgres-database.ts'

/** Ends the lease of the process that owns a stream, as if it had run out. The process gets another one when it renews it. */
export async function endLeaseOfOwner(url: string, streamId: string): Promise<void> {
  const owner = `SELECT owner FROM segue.streams WHERE id = '${streamId}'`
  await runSql(url, `DELETE FROM segue.processes WHERE number = (${owner})`)
}

/** Has the database refuse the end of a stream, until the function that it resolves to is called, or the test has ended. */
export async function refuseEnd(url: string, streamId: string): Promise<() => Promise<void>> {
  const refuse = `CREATE FUNCTION segue.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = '${streamId}' AND NEW.finished_at IS NOT NULL THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON segue.streams FOR EACH ROW EXECUTE FUNCTION segue.refuse()`
  await runSql(url, refuse)
  const accept = () => runSql(url, 'DROP FUNCTION IF EXISTS segue.refuse CASCADE')
  onTestFinished(accept)
  return accept
}
