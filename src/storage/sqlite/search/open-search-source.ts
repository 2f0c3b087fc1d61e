import type { OpenSearchSource } from '../../../search/search-source.ts'
import { ReadOnlyDatabase } from './read-only-database.ts'
import { SqliteSearchSource } from './sqlite-search.ts'

/** Loaded by the search worker: opens the FTS5 index of a profile's database, which need not exist yet. */
export const openSearchSource: OpenSearchSource = ({ path }) => new SqliteSearchSource(new ReadOnlyDatabase(path))
