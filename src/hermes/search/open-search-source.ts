import type { OpenSearchSource } from '../../search/search-source.ts'
import { StateDatabase } from '../state/state-database.ts'
import { HermesSearchSource } from './hermes-search.ts'
import { silentLogger } from '../../lib/logger.ts'

/** How long a search waits for a lock on state.db. No other search of the profile runs meanwhile. */
const lockTimeoutMs = 500

/** Loaded by the search worker: opens a Hermes state.db, which need not exist yet. */
export const openSearchSource: OpenSearchSource = ({ path, profile }, onStatement) => {
  // The worker that lists the sessions logs what is wrong with the file.
  return new HermesSearchSource(new StateDatabase({ path, lockTimeoutMs, log: silentLogger, onStatement }), profile)
}
