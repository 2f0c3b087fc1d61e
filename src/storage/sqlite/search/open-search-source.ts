import type { SearchSourceFactory } from '../../../search/search-source.ts'
import { ReadOnlySegueDatabase } from './read-only-segue-database.ts'
import { SqliteSearchSource } from './sqlite-search-source.ts'

/** Loaded by the search worker: opens the FTS5 index of a profile's database, which need not exist yet. */
export const openSearchSource: SearchSourceFactory = ({ path }) =>
  new SqliteSearchSource(new ReadOnlySegueDatabase(path))
