import type { Plugin } from 'graphql-yoga'

/** Treats an empty operationName as none: some clients send it for a document with a single operation. */
export function useNormalizedOperationName(): Plugin {
  return {
    onParams({ params, setParams }) {
      const { operationName, ...others } = params
      if (operationName === '') setParams(others)
    },
  }
}
