import type { LanguageModelMiddleware } from 'ai'

type WrapStream = NonNullable<LanguageModelMiddleware['wrapStream']>

/** A model object of the AI SDK. */
export type SdkModel = Parameters<WrapStream>[0]['model']
/** A request to it. */
export type SdkRequest = Parameters<SdkModel['doStream']>[0]
/** A part of its response. */
export type ResponsePart = Awaited<ReturnType<WrapStream>>['stream'] extends ReadableStream<infer Part> ? Part : never
