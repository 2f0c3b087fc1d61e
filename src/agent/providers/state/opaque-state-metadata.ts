import { z } from 'zod'
import { opaqueProviderFieldsSchema, opaqueStateMetadataKey } from './part-opaque-state.ts'

const addedMetadataSchema = z.object({
  [opaqueStateMetadataKey]: z.object({
    /** Of reasoning: the field that it came in. */
    textField: z.string().optional(),
    /** Of a tool call, or of the whole message at its end. */
    fields: opaqueProviderFieldsSchema.optional(),
  }),
})

type AddedMetadata = z.output<typeof addedMetadataSchema>[typeof opaqueStateMetadataKey]

/** Reads what Segue has added to the metadata of a part. */
export function readOpaqueStateMetadata(providerMetadata: unknown): AddedMetadata {
  if (providerMetadata === undefined) return {}
  return addedMetadataSchema.safeParse(providerMetadata).data?.[opaqueStateMetadataKey] ?? {}
}
