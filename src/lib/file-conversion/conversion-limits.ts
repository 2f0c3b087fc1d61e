/** Of an image that is decoded. */
export const maxImagePixels = 50_000_000
/** Of the text of a document, in bytes of UTF-8. */
export const maxDocumentTextBytes = 1024 * 1024
/** Of all that a zip archive contains, in bytes. */
export const maxUnzippedBytes = 64 * 1024 * 1024
/** The Office formats are zip archives, of a few hundred files at most. */
export const maxZipEntries = 10_000
/** The width and height of an image that is made of another one, in pixels. */
export const maxJpegEdge = 8000
/** Of an image that is made of another one. */
export const maxJpegBytes = 10 * 1024 * 1024
