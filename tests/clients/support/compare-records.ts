import type { CacheRecord, CacheRecords } from './cache-client.ts'

/**
 * What a cache holds that a fresh read does not say: empty when it is up to date. Each entity is compared by its type and
 * id, with all of its fields. An entity that is gone may stay in a cache if nothing leads to it.
 */
export function findStaleRecords(cached: CacheRecords, fresh: CacheRecords): string[] {
  const rootFields = Object.keys(fresh.query).filter((key) => key in cached.query)
  const query = Object.fromEntries(rootFields.map((key) => [key, cached.query[key]]))
  const reachable = findReachable(query, cached)
  const problems = findStaleFields('Query', query, fresh.query)
  for (const [key, record] of cached.entities) {
    const freshRecord = fresh.entities.get(key)
    if (freshRecord) problems.push(...findStaleFields(key, record, freshRecord))
    else if (reachable.has(key)) problems.push(`${key} is gone, but the cache leads to it.`)
  }
  return problems
}

function findStaleFields(key: string, cached: CacheRecord, fresh: CacheRecord): string[] {
  return Object.entries(cached).flatMap(([field, value]) => findDifferences(`${key}.${field}`, value, fresh[field]))
}

/** A sentence for each value that differs, with its path. */
function findDifferences(path: string, cached: unknown, fresh: unknown): string[] {
  if (!isObject(cached) || !isObject(fresh)) {
    return Object.is(cached, fresh) ? [] : [`${path} is ${toText(cached)} instead of ${toText(fresh)}.`]
  }
  const members = Object.entries(cached).filter(([name]) => !isCursor(cached, name))
  const missing = Object.keys(fresh).filter((name) => !(name in cached) && !isCursor(fresh, name))
  return [
    ...members.flatMap(([name, value]) => findDifferences(`${path}.${name}`, value, fresh[name])),
    ...missing.map((name) => `${path}.${name} is missing.`),
  ]
}

/** A row that a client inserts into a list has no cursor until the list is read again. */
function isCursor({ __typename }: Readonly<Record<string, unknown>>, field: string): boolean {
  return /cursor$/i.test(field) && /Edge$|^PageInfo$/.test(String(__typename))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** The keys of the entities that a value leads to, directly or through others. */
function findReachable(start: unknown, { entities }: CacheRecords): ReadonlySet<string> {
  const found = new Set<string>()
  const pending = [start]
  while (pending.length > 0) {
    const value = pending.pop()
    if (!isObject(value)) continue
    const key = value['$entity']
    if (typeof key !== 'string') pending.push(...Object.values(value))
    else if (!found.has(key)) {
      found.add(key)
      pending.push(entities.get(key))
    }
  }
  return found
}

function toText(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 300) ?? 'nothing'
}
