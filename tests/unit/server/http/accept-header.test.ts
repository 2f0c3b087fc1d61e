import { describe, expect, test } from 'vitest'
import { jsonMediaTypes, acceptsExactMediaType, negotiateMediaType } from '../../../../src/server/http/accept-header.ts'

const graphql = 'application/graphql-response+json'
const json = 'application/json'

describe('negotiateMediaType', () => {
  test.each([
    ['is absent', undefined, json],
    ['is empty', ' ', json],
    ['has a wildcard only', '*/*', json],
    ['has a partial wildcard', 'application/*', json],
    ['lists both types', `${graphql}, ${json}`, graphql],
    ['lists both types in the other order', `${json}, ${graphql}`, json],
    ['has q values', `${graphql};q=0.5, ${json};q=0.9`, json],
    ['has a short q value and spaces', ` ${json} ; q=.5 ,${graphql} ; Q = 0.7`, graphql],
    ['excludes a type from a wildcard', `*/*, ${json};q=0`, graphql],
    ['has capitals and parameters', 'Application/JSON; Charset="UTF-8, or so"', json],
    ['has an unreadable q value', `${json};q=high`, json],
    [
      'lists the types of urql',
      `${graphql}, application/graphql+json, ${json}, text/event-stream, multipart/mixed`,
      graphql,
    ],
    ['has other types only', 'text/event-stream, multipart/mixed', null],
    ['excludes everything', '*/*;q=0', null],
  ])('selects a type if the header %s', (_, accept, expected) => {
    expect(negotiateMediaType(accept, jsonMediaTypes)).toBe(expected)
  })
})

describe('namesMediaType', () => {
  test.each([
    ['text/event-stream', true],
    [`${json}, Text/Event-Stream;q=0.1`, true],
    ['text/event-stream;q=0', false],
    ['text/event-streams', false],
    ['*/*, text/*', false],
    [undefined, false],
  ])('of %s is %s', (accept, expected) => {
    expect(acceptsExactMediaType(accept, 'text/event-stream')).toBe(expected)
  })
})
