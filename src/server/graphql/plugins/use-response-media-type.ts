import type { Plugin } from 'graphql-yoga'
import { jsonMediaTypes, negotiateMediaType } from '../../http/accept-header.ts'
import { createGraphQLError } from '../graphql-errors.ts'

/** Selects the type of the response before anything is executed. Yoga ignores q values, and has its own event streams. */
export function useResponseMediaType(): Plugin {
  return {
    onRequest({ request, fetchAPI, endResponse }) {
      if (request.method !== 'GET' && request.method !== 'POST') return
      const mediaType = negotiateMediaType(request.headers.get('accept'), jsonMediaTypes)
      if (mediaType !== null) return request.headers.set('accept', mediaType)
      const message = `The Accept header allows no type of this server. Accept ${jsonMediaTypes.join(' or ')}, or for a subscription text/event-stream.`
      const error = createGraphQLError('BAD_USER_INPUT', message, { path: [] })
      endResponse(fetchAPI.Response.json({ errors: [error] }, { status: 406 }))
    },
  }
}
