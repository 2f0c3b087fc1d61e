import { errorCodeDescriptions } from '../lib/errors.ts'
import { schemaBuilder } from './schema-builder.ts'

export const ErrorCodeEnum = schemaBuilder.enumType('ErrorCode', {
  description: 'The value of `extensions.code` of every error.',
  values: Object.fromEntries(
    Object.entries(errorCodeDescriptions).map(([code, description]) => [code, { description }]),
  ),
})
