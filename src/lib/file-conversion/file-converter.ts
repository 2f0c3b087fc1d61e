import { KeyedMutex } from '../async/keyed-mutex.ts'
import { WorkerClient, WorkerExitedError } from '../worker/worker-client.ts'
import type { EncodedImage, ImageLimits } from './convert-image.ts'
import type { PdfText } from './extract-pdf-text.ts'
import type { ConversionOutcome, FileConversionFunctions } from './file-conversion-worker.ts'
import { FileConversionError } from './file-conversion-error.ts'

export interface FileConverterOptions {
  /** How long the conversion of one file may take, in milliseconds. 30 seconds by default. */
  readonly timeoutMs?: number
  /** By how much the process may grow during the conversion of one file, in bytes. 1 GiB by default. */
  readonly maxMemoryBytes?: number
  /** How long the worker waits for another file before it ends, in milliseconds. 30 seconds by default. */
  readonly idleTimeoutMs?: number
}

type Worker = WorkerClient<FileConversionFunctions, object>
type ConversionCall<Result> = (functions: {
  readonly [Name in keyof FileConversionFunctions]: FileConversionFunctions[Name]
}) => Promise<ConversionOutcome<Result>>

const defaultOptions: Required<FileConverterOptions> = {
  timeoutMs: 30_000,
  maxMemoryBytes: 1024 ** 3,
  idleTimeoutMs: 30_000,
}
/** Of the worker's JavaScript. What libraries allocate outside of it counts in `maxMemoryBytes`. */
const maxHeapMegabytes = 512
const memoryCheckIntervalMs = 50

/**
 * Converts files in a worker thread, one after the other, with limits of time and memory: a file can be made so that a few
 * bytes become very many. The first file starts the worker. A file that exceeds a limit ends it, and the next one starts
 * another. Every method throws FileConversionError for a file that cannot be converted.
 */
export class FileConverter {
  readonly #options: Required<FileConverterOptions>
  readonly #mutex = new KeyedMutex()
  #worker: Worker | null = null
  #idleTimer: NodeJS.Timeout | undefined

  constructor(options: FileConverterOptions = {}) {
    this.#options = { ...defaultOptions, ...options }
  }

  /** The JPEG of an image, the right way up. */
  async convertToJpeg(bytes: Uint8Array, format: 'avif' | 'heic'): Promise<EncodedImage> {
    return this.#run((functions) => functions.convertToJpeg(bytes, format))
  }

  /** A smaller image of another one. */
  async scaleImage(bytes: Uint8Array, limits: ImageLimits): Promise<EncodedImage> {
    return this.#run((functions) => functions.scaleImage(bytes, limits))
  }

  /** The text of an Office document. */
  async extractOfficeText(bytes: Uint8Array, format: 'docx' | 'xlsx'): Promise<string> {
    return this.#run(({ extractDocxText, extractXlsxText }) =>
      format === 'docx' ? extractDocxText(bytes) : extractXlsxText(bytes),
    )
  }

  /** The text of a PDF, page by page. */
  async extractPdfText(bytes: Uint8Array): Promise<PdfText> {
    return this.#run((functions) => functions.extractPdfText(bytes))
  }

  /** Ends the worker. A file that is being converted, or waits, fails or starts another worker. */
  async close(): Promise<void> {
    await this.#endWorker()
  }

  async #run<Result>(call: ConversionCall<Result>): Promise<Result> {
    return this.#mutex.run('conversion', async () => {
      clearTimeout(this.#idleTimer)
      this.#worker ??= createWorker()
      using limits = this.#watchLimits()
      try {
        const outcome = await this.#worker.call<ConversionOutcome<Result>>((functions) => call(functions))
        if ('result' in outcome) return outcome.result
        throw new FileConversionError(outcome.problem, outcome.message, { cause: outcome.cause })
      } catch (error) {
        throw error instanceof WorkerExitedError ? createLimitError(error, limits.exceeded) : error
      } finally {
        this.#idleTimer = setTimeout(() => void this.#endWorker(), this.#options.idleTimeoutMs).unref()
      }
    })
  }

  /** Ends the worker if it takes too much time or memory for the current file. */
  #watchLimits(): Disposable & { readonly exceeded: 'memory' | 'time' | null } {
    const { timeoutMs, maxMemoryBytes } = this.#options
    const maxRss = process.memoryUsage.rss() + maxMemoryBytes
    const watch: { exceeded: 'memory' | 'time' | null } = { exceeded: null }
    const end = (limit: 'memory' | 'time'): void => {
      watch.exceeded ??= limit
      void this.#endWorker()
    }
    const timeout = setTimeout(() => end('time'), timeoutMs)
    const interval = setInterval(() => {
      if (process.memoryUsage.rss() > maxRss) end('memory')
    }, memoryCheckIntervalMs)
    return Object.assign(watch, {
      [Symbol.dispose]: () => {
        clearTimeout(timeout)
        clearInterval(interval)
      },
    })
  }

  async #endWorker(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    await worker?.close()
  }
}

function createWorker(): Worker {
  return new WorkerClient({
    url: new URL('./file-conversion-worker.ts', import.meta.url),
    options: null,
    events: {},
    isSilent: true,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes },
  })
}

/** Without a limit that was exceeded here, the worker has run out of its own memory, or was closed. */
function createLimitError(cause: WorkerExitedError, exceeded: 'memory' | 'time' | null): FileConversionError {
  const reason = exceeded === 'time' ? 'takes too long to read' : 'needs too much memory to be read'
  return new FileConversionError('too-large', `The file ${reason}. Send a smaller or simpler one.`, { cause })
}
