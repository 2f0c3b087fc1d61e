import type { GraphQLError } from 'graphql'
import type { ServerLimits } from '../../../config/limits.ts'
import { createGraphQLError } from '../graphql-errors.ts'

/** The limits of one operation, which are the same on every transport and in batches. */
export type OperationLimits = Pick<
  ServerLimits,
  'depth' | 'rootFields' | 'aliases' | 'directives' | 'tokens' | 'cost' | 'querySeconds'
>

/** More errors of one response are left out. Each tells the client about as much as the first ones. */
export const maxErrors = 20

/** The error of an operation above a limit. Its extensions have the key of the limit in config.json, and its value. */
export function createLimitError(limit: keyof OperationLimits | 'introspection', max: number, message: string) {
  return createGraphQLError('TOO_LARGE', message, { limit, max })
}

/** The first errors of a response, as many as it may have. */
export function limitErrors(errors: readonly GraphQLError[]): readonly GraphQLError[] {
  return errors.length > maxErrors ? errors.slice(0, maxErrors) : errors
}
