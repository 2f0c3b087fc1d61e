import type { Plugin } from 'graphql-yoga'
import { createGraphQLError } from '../graphql-errors.ts'

/** Yoga treats invalid JSON in the query parameters of a GET request as a failure of the server. */
export function useJsonQueryParams(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser(async (request) => {
        try {
          return await requestParser(request)
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
          const message = 'A query parameter is not valid JSON. Encode variables and extensions as JSON.'
          throw createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 400 } })
        }
      })
    },
  }
}
