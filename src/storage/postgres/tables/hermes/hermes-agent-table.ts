import { z } from 'zod'
import type { HermesAgentState, HermesClaim } from '../../../installation/hermes-index.ts'
import type { PostgresConnection, PostgresStatement, PostgresTransaction } from '../../database/postgres-statement.ts'

const isReaderAlive = `EXISTS (SELECT 1 FROM processes WHERE number = stored.reader AND lease_until > clock_timestamp())`

const claim: PostgresStatement = {
  name: 'claim-hermes-agent',
  text: `INSERT INTO hermes_agents AS stored (profile, reader, state, error, read_marks_start)
    VALUES ($1, $2, $3, $4, coalesce((SELECT min(read_marks_start) FROM hermes_agents), $5))
    ON CONFLICT (profile) DO UPDATE SET reader = excluded.reader, state = excluded.state, error = excluded.error
    WHERE stored.reader = excluded.reader OR NOT ${isReaderAlive}
      OR (stored.state = 'NOT_FOUND' AND excluded.state <> 'NOT_FOUND')`,
}

const release: PostgresStatement = {
  name: 'release-hermes-agent',
  text: 'UPDATE hermes_agents SET reader = 0 WHERE profile = $1 AND reader = $2',
}

/** A new reader waits until what this one writes is committed. */
const lockAsReader: PostgresStatement = {
  name: 'lock-hermes-agent-as-reader',
  text: 'SELECT reader FROM hermes_agents WHERE profile = $1 AND reader = $2 FOR SHARE',
}

const select: PostgresStatement = {
  name: 'select-hermes-agent',
  text: `SELECT reader, ${isReaderAlive} AS "isReaderAlive", state, error FROM hermes_agents AS stored WHERE profile = $1`,
}

const stateSchema = z.enum(['FOUND', 'NOT_FOUND', 'DISABLED', 'UNREADABLE', 'UNREACHABLE'])

/** Makes this process the reader, or keeps it, unless another one that lives is. Resolves to whether it is. */
export async function claimHermesAgent(
  tx: PostgresTransaction,
  { status: { state, error }, firstStartedAt }: HermesClaim,
): Promise<boolean> {
  return (await tx.execute(claim, [tx.process, state, error, firstStartedAt])) > 0
}

/** Lets another process be the reader at once. */
export async function releaseHermesAgent(tx: PostgresTransaction): Promise<void> {
  await tx.execute(release, [tx.process])
}

/** Whether this process is the reader, until the end of the transaction. */
export async function lockHermesAgentAsReader(tx: PostgresTransaction): Promise<boolean> {
  return (await tx.query(lockAsReader, [tx.process])).length > 0
}

/** Null if no process has ever read it. */
export async function findHermesAgent(db: Pick<PostgresConnection, 'query'>): Promise<HermesAgentState | null> {
  const [row] = await db.query<{ reader: number; isReaderAlive: boolean; state: string; error: string | null }>(select)
  if (!row) return null
  const { reader, state, error } = row
  return { reader: row.isReaderAlive ? reader : null, status: { state: stateSchema.parse(state), error } }
}
