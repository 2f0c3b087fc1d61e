import { afterEach, describe, expect, test, vi } from 'vitest'
import { createEndpoint } from '../../src/connection/endpoint.ts'

afterEach(() => vi.unstubAllGlobals())

describe('the url of a client', () => {
  test.each([
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000/graphql'],
    ['http://127.0.0.1:4000/graphql/', 'http://127.0.0.1:4000/graphql'],
    ['https://example.com/behind/?a=b#c', 'https://example.com/behind/graphql'],
    ['', 'http://localhost:5173/graphql'],
    ['/', 'http://localhost:5173/graphql'],
    ['/graphql', 'http://localhost:5173/graphql'],
    // As GraphQL clients are given it for subscriptions.
    ['ws://127.0.0.1:4000/graphql', 'http://127.0.0.1:4000/graphql'],
    ['wss://example.com/graphql', 'https://example.com/graphql'],
  ])('%j leads to %s', (url, graphqlUrl) => {
    vi.stubGlobal('location', { href: 'http://localhost:5173/' })
    expect(createEndpoint(url).graphqlUrl).toBe(graphqlUrl)
  })

  test.each(['localhost:4000', '127.0.0.1:4000', '127.0.0.1:4000/graphql', 'file:///tmp', 'http://', 'example:1'])(
    '%j is refused with what to do',
    (url) => {
      vi.stubGlobal('location', { href: 'http://localhost:5173/' })
      expect(() => createEndpoint(url)).toThrow(
        `The url "${url}" is not one of a server. Begin it with http:// or https://`,
      )
    },
  )
})

test('the URL of no file is returned as it is, whatever it looks like', () => {
  const { resolveFileUrl } = createEndpoint('http://127.0.0.1:4000')
  for (const url of ['http://[', '', 'https://', 'data:,a', '/files', '\\\\example.com\\files\\a', '//[/files/a']) {
    expect(resolveFileUrl(url)).toBe(null)
  }
})
