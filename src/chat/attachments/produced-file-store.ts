import type { ProducedFile, StoredFile, StoreFile } from '../../agent/produced-file.ts'
import { detectFileFormat } from '../../lib/file-conversion/detect-convertible-format.ts'
import type { FileConverter } from '../../lib/file-conversion/file-converter.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { withExtensionOfType } from './convert-file.ts'
import { convertibleMediaTypes } from './media-type.ts'

export interface ProducedFileStoreDependencies {
  readonly blobs: Pick<BlobStore, 'put'>
  readonly converter: Pick<FileConverter, 'convertToJpeg'>
}

/**
 * Stores the files of tools and models. HEIC and AVIF become JPEG, as in the files that people send; one that cannot be
 * converted is stored as it is. Other files are never changed.
 */
export function createProducedFileStore({ blobs, converter }: ProducedFileStoreDependencies): StoreFile {
  return async (file): Promise<StoredFile> => {
    const { bytes, mediaType, name } = await convertProducedFile(file, converter)
    return { hash: await blobs.put(bytes), mediaType, name, size: bytes.length }
  }
}

async function convertProducedFile(
  file: ProducedFile,
  converter: ProducedFileStoreDependencies['converter'],
): Promise<ProducedFile> {
  const { bytes } = file
  const format = detectFileFormat(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (format !== 'heic' && format !== 'avif') return file
  try {
    return withExtensionOfType({ ...file, ...(await converter.convertToJpeg(bytes, format)) })
  } catch {
    // A tool may have run for a long time, or changed something: its result is kept in any case.
    return { ...file, mediaType: convertibleMediaTypes[format] }
  }
}
