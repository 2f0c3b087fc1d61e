import type { Plugin } from 'graphql-yoga'

/** The request guard accepts any spelling of application/json. Yoga knows only one. */
export function useJsonContentType(): Plugin {
  return {
    onRequest({ request }) {
      if (request.method === 'POST') request.headers.set('content-type', 'application/json')
    },
  }
}
