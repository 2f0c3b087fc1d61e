import type { Plugin } from 'graphql-yoga'
import type { GraphQLDocumentCache } from '../documents/graphql-document-cache.ts'

/** Makes Yoga read valid documents from the cache that the other transports use, and add to it. */
export function useDocumentCache(cache: GraphQLDocumentCache): Plugin {
  return {
    onParse({ params: { source }, setParsedDocument }) {
      const cached = cache.get(String(source))
      if (cached) setParsedDocument(cached)
    },
    onValidate({ params: { documentAST }, setResult }) {
      const text = documentAST.loc?.source.body
      if (text === undefined) return undefined
      if (cache.get(text) === documentAST) {
        setResult([])
        return undefined
      }
      return ({ valid }) => {
        if (valid) cache.add(text, documentAST)
      }
    },
  }
}
