import { silentLogger } from '../../lib/logger.ts'
import type { SearchSourceFactory } from '../../search/search-source.ts'
import { StateDatabase } from '../state/state-database.ts'
import { HermesSearchSource } from './hermes-search.ts'

const lockTimeoutMs = 500 // the profile's other searches wait meanwhile

/** Loaded by the search worker: opens a Hermes state.db, which need not exist yet. */
export const openSearchSource: SearchSourceFactory = ({ path, profile }) => {
  // The worker that lists the sessions logs what is wrong with the file.
  return new HermesSearchSource(new StateDatabase({ path, lockTimeoutMs, log: silentLogger }), profile)
}
