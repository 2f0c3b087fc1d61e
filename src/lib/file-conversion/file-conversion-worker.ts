import { lowerThreadPriority } from '../worker/lower-thread-priority.ts'
import { serveWorkerFunctions } from '../worker/worker-server.ts'
import { convertToJpeg, type EncodedImage, type ImageLimits, scaleImage } from './convert-image.ts'
import { extractDocxText, extractXlsxText } from './extract-office-text.ts'
import { loadConversionPackage } from './load-conversion-package.ts'
import { FileConversionError, type FileConversionProblem } from './file-conversion-error.ts'

/** An error with its class does not get through to the main thread. */
export type ConversionOutcome<Result> =
  | { readonly result: Result }
  | { readonly problem: FileConversionProblem; readonly message: string; readonly cause: string }

/** What the main thread calls. Each function has one file, and is called after the one before has returned. */
const functions = {
  convertToJpeg: (bytes: Uint8Array, format: 'avif' | 'heic'): Promise<ConversionOutcome<EncodedImage>> =>
    toOutcome(() => convertToJpeg(bytes, format)),
  scaleImage: (bytes: Uint8Array, limits: ImageLimits): Promise<ConversionOutcome<EncodedImage>> =>
    toOutcome(() => scaleImage(bytes, limits)),
  extractDocxText: (bytes: Uint8Array): Promise<ConversionOutcome<string>> => toOutcome(() => extractDocxText(bytes)),
  extractXlsxText: (bytes: Uint8Array): Promise<ConversionOutcome<string>> => toOutcome(() => extractXlsxText(bytes)),
  extractPdfText: (bytes: Uint8Array) =>
    toOutcome(async () => {
      const load = () => import('./extract-pdf-text.ts')
      return (await loadConversionPackage('unpdf', 'Send the text of the PDF.', load)).extractPdfText(bytes)
    }),
}

export type FileConversionFunctions = typeof functions

async function toOutcome<Result>(convert: () => Promise<Result>): Promise<ConversionOutcome<Result>> {
  try {
    return { result: await convert() }
  } catch (error) {
    if (!(error instanceof FileConversionError)) throw error
    const { problem, message, cause } = error
    return { problem, message, cause: String(cause) }
  }
}

lowerThreadPriority()
serveWorkerFunctions<object, FileConversionFunctions>(functions)
