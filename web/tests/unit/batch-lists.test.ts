import { expect, test } from 'vitest'
import { batchLists } from '../../src/app/batch-lists.ts'

const toBody = (name: string): string =>
  JSON.stringify({
    query: 'query ($filter: SessionFilter) {\n  conversations(filter: $filter) { id }\n}',
    variables: { name },
  })

/** A `fetch` that answers each operation with its variables, and notes the bodies. */
function newServer(respond: (body: unknown) => Response = answer) {
  const bodies: unknown[] = []
  const fetchLists = batchLists(async (_url, init) => {
    const body: unknown = JSON.parse(String(init?.body))
    bodies.push(body)
    return respond(body)
  })
  const ask = async (body: string, signal?: AbortSignal): Promise<unknown> =>
    (await fetchLists('/graphql', { method: 'POST', body, ...(signal && { signal }) })).json()
  return { bodies, ask }
}

const answer = (body: unknown): Response => Response.json(Array.isArray(body) ? body.map(toData) : toData(body))
const toData = (body: unknown): unknown => ({ data: Reflect.get(Object(body), 'variables') })

test('lists that are asked for at the same time are one request, and each has its own answer', async () => {
  const { bodies, ask } = newServer()
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => ask(toBody(name))))
  expect(answers).toEqual([{ data: { name: 'a' } }, { data: { name: 'b' } }, { data: { name: 'c' } }])
  expect(bodies).toHaveLength(1)
})

test('more lists than a batch may have are several requests', async () => {
  const { bodies, ask } = newServer()
  await Promise.all(Array.from({ length: 12 }, (_, index) => ask(toBody(String(index)))))
  expect(bodies.map((body) => Array.isArray(body) && body.length)).toEqual([10, 2])
})

test('one list, and whatever is no list, is sent as it is', async () => {
  const { bodies, ask } = newServer()
  const mutation = JSON.stringify({ query: 'mutation { archive }', variables: {} })
  await Promise.all([ask(toBody('a')), ask(mutation)])
  expect(bodies).toHaveLength(2)
  expect(bodies.some(Array.isArray)).toBe(false)
})

test('who leaves does not end the others', async () => {
  const { ask } = newServer()
  const leaving = new AbortController()
  const [left, other] = [ask(toBody('a'), leaving.signal), ask(toBody('b'))]
  leaving.abort(new Error('Left.'))
  await expect(left).rejects.toThrow('Left.')
  await expect(ask(toBody('c'), leaving.signal)).resolves.toBeDefined()
  expect(await other).toEqual({ data: { name: 'b' } })
})

test('a batch that is refused is refused to each, and one that is lost is lost to each', async () => {
  const refused = newServer(() => Response.json({ errors: [{ message: 'Too many.' }] }, { status: 429 }))
  expect(await Promise.all([refused.ask(toBody('a')), refused.ask(toBody('b'))])).toEqual([
    { errors: [{ message: 'Too many.' }] },
    { errors: [{ message: 'Too many.' }] },
  ])
  const lost = newServer(() => {
    throw new TypeError('Failed to fetch')
  })
  const both = await Promise.allSettled([lost.ask(toBody('a')), lost.ask(toBody('b'))])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
