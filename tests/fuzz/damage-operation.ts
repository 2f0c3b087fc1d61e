import type { SeededRandom } from '../chaos/seeded-random.ts'
import type { FuzzOperation } from './document-generator.ts'
import { hostileTexts } from './hostile-texts.ts'

const insertions = [
  '{',
  '}',
  '(',
  ')',
  '$',
  '@',
  '...',
  '!',
  '"',
  '"""',
  '\u0000',
  '\ufeff',
  '#',
  '&',
  '|',
  ' null ',
  ' 1e999 ',
  ' 00 ',
]

type Damage = (operation: FuzzOperation, random: SeededRandom) => FuzzOperation

const withQuery = (change: (query: string, random: SeededRandom) => string): Damage => {
  return (operation, random) => ({ ...operation, query: change(operation.query, random) })
}

const damages: readonly Damage[] = [
  withQuery((query, random) => query.slice(0, random.between(0, query.length))),
  withQuery((query, random) => {
    const start = random.between(0, query.length)
    return query.slice(0, start) + query.slice(start + random.between(1, 8))
  }),
  withQuery((query, random) => {
    const at = random.between(0, query.length)
    return query.slice(0, at) + random.pick(insertions) + query.slice(at)
  }),
  withQuery((query, random) =>
    query.replace(/\b[a-z]\w+(?= |\()/, random.pick(['nothing', '__schema', '__proto__', 'id'])),
  ),
  withQuery((query) => query.replace('{', '@unknown {')),
  withQuery((query) => query.replace('{', '@skip(if: true) @skip(if: false) @include(if: "x") {')),
  withQuery((query) => `${query} ${query}`),
  withQuery((query) => `${query} fragment A on Query { ...B } fragment B on Query { ...A }`),
  withQuery((_, random) => '{ node(id: "x") '.repeat(random.pick([20, 1000, 5000]))),
  withQuery((_, random) => {
    const depth = random.between(5, 60)
    return `{ session(id: "x") ${'{ parent '.repeat(depth)}{ id }${' }'.repeat(depth)} }`
  }),
  withQuery(
    (_, random) =>
      `{ ${Array.from({ length: random.pick([40, 60, 900]) }, (_item, index) => `a${index}: __typename`).join(' ')} }`,
  ),
  withQuery((_, random) => `{ __typename ${'@include(if: true) '.repeat(random.pick([10, 60, 900]))} }`),
  withQuery((_, random) => `{ session(id: ${'['.repeat(random.pick([10, 1000, 5000]))}`),
  withQuery(
    (_, random) => `query ($v: ${'['.repeat(200)}ID${']'.repeat(random.between(199, 200))}) { node(id: $v) { id } }`,
  ),
  withQuery(() => '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }'),
  withQuery((_, random) => random.pick(hostileTexts)),
  withQuery((_, random) => {
    const depth = random.pick([10, 190, 1200])
    return `{ ${'... { '.repeat(depth)}__typename${' }'.repeat(depth)} }`
  }),
  (operation) => ({ ...operation, variables: {} }),
  (operation, random) => ({ ...operation, variables: mapValues(operation.variables, () => nest(random)) }),
  (operation, random) => ({
    ...operation,
    variables: random.pick<unknown>([null, [], 'x', 1, JSON.parse('{"__proto__":{"a":1}}'), '{}']),
  }),
  (operation, random) => ({
    ...operation,
    variables: mapValues(operation.variables, () => random.pick<unknown>([null, 1, 'x', [], {}, [[[]]], true])),
  }),
  (operation, random) => ({ ...operation, operationName: random.pick<unknown>(['', 'Nothing', 'Fuzz', null, 1, {}]) }),
]

function mapValues(variables: unknown, change: () => unknown): object {
  return Object.fromEntries(Object.keys(variables ?? {}).map((name) => [name, change()]))
}

/** Lists or objects within each other. */
function nest(random: SeededRandom): unknown {
  const isList = random.chance(0.5)
  let value: unknown = 'x'
  for (let level = random.pick([5, 300, 2000]); level > 0; level -= 1)
    value = isList ? [value] : { text: value, id: 'x' }
  return value
}

/** Breaks an operation in one of many ways. Some results are still valid. */
export function damageOperation(operation: FuzzOperation, random: SeededRandom): FuzzOperation {
  return random.pick(damages)(operation, random)
}
