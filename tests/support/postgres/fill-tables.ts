import pg from 'pg'
import { addSession, approvalOf, deltaOf, streamOf } from '../../unit/storage/contract/records.ts'
import { newTextMessage } from '../search/search-fixture.ts'
import { openTestInstallation } from './test-installation.ts'

/** The tables that grow with the use of a server. */
const filledTables = ['sessions', 'streams', 'messages', 'events', 'decisions']
/** Copies of each row. */
const copies = 10_000

/** Fills the largest tables, so that the planner chooses as it does for a server with many chats. Returns their names. */
export async function fillTables(url: string): Promise<readonly string[]> {
  const storage = (await openTestInstallation(url)).openStorage({ profile: 'work' })
  const session = await addSession(storage)
  const stream = { ...streamOf(session), status: 'COMPLETED' as const, finishedAt: 5 }
  await storage.eventStore.append({
    sessionId: session.id,
    expectedHeadSeq: 0,
    events: [deltaOf(stream, 1)],
    streams: [stream],
    messages: [newTextMessage(session.id, 'Hello', 99)],
    // Few decisions are pending.
    decisions: [{ ...approvalOf(session), state: 'CANCELLED', resolvedAt: 5 }],
  })
  const client = new pg.Client({ connectionString: url, options: '-c search_path=segue' })
  await client.connect()
  // Nothing is indexed of the copies.
  await client.query('SET session_replication_role = replica')
  for (const table of filledTables) await copyRows(client, table)
  await client.query('ANALYZE')
  await client.end()
  return filledTables
}

async function copyRows(client: pg.Client, table: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = 'segue' AND table_name = $1 AND is_identity = 'NO' AND is_generated = 'NEVER'`,
    [table],
  )
  const names = rows.map(({ name }) => name)
  const values = names.map((name) => {
    if (name === 'change') return 'change + copy'
    return /^(id|(session|stream|message|tool_call|user_message)_id)$/.test(name) ? `${name} || '_' || copy` : name
  })
  await client.query(
    `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${table}, generate_series(1, ${copies}) AS copy`,
  )
}
