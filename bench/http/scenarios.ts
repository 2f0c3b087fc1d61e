export interface Scenario {
  readonly name: string
  readonly what: string
  readonly limit: string
  readonly query: string
  readonly aim: number
}

/** What is compared with the limit and the peers, at 100,000 sessions. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'sessions',
    what: 'sessions(first: 100), 10 fields',
    limit: 'better-sqlite3 + JSON on node:http',
    query:
      '{ sessions(first: 100) { edges { node { id title source origin model startedAt lastActivityAt messageCount pinned archived } } } }',
    aim: 0.9,
  },
  {
    name: 'typename',
    what: '{ __typename }',
    limit: 'bare node:http',
    query: '{ __typename }',
    aim: 0.8,
  },
  {
    name: 'lineage',
    what: 'sessions(first: 1000) with lineage, chains of 4',
    limit: 'one query a level + JSON on node:http',
    query: '{ sessions(first: 1000) { edges { node { id title lineageRoot { id } segmentCount } } } }',
    aim: 0.6,
  },
  {
    name: 'conversations',
    what: 'conversations(first: 50) with tip',
    limit: 'better-sqlite3 + JSON on node:http',
    query:
      '{ conversations(first: 50) { edges { node { id title lastActivityAt segmentCount pinned archived tip { id title source messageCount lastActivityAt } } } } }',
    aim: 0.5,
  },
]
