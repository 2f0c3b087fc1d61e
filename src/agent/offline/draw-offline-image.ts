import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

/** The side of the picture in cells, and of a cell in pixels. */
const cells = 8
const pixelsPerCell = 16

/** Draws a picture of coloured squares as a PNG file. The same text always gives the same picture. */
export function drawOfflineImage(text: string): Buffer {
  const digest = createHash('sha512').update(text).digest()
  const size = cells * pixelsPerCell
  const rows = Array.from({ length: size }, (_, y) => {
    const pixels = Array.from({ length: size }, (__, x) => pickColor(digest, x, y))
    // Each row begins with the number of its filter: none.
    return Buffer.from([0, ...pixels.flat()])
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2], 8) // 8 bits for each of red, green and blue
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    toChunk('IHDR', header),
    toChunk('IDAT', deflateSync(Buffer.concat(rows))),
    toChunk('IEND', Buffer.alloc(0)),
  ])
}

/** The left half is mirrored, so that the picture looks like something. */
function pickColor(digest: Buffer, x: number, y: number): number[] {
  const column = Math.floor(x / pixelsPerCell)
  const row = Math.floor(y / pixelsPerCell)
  const cell = row * (cells / 2) + Math.min(column, cells - 1 - column)
  const isFilled = ((digest[cell] ?? 0) & 1) === 1
  return isFilled ? [...digest.subarray(-3)] : [240, 240, 240]
}

function toChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(data.length, 0)
  chunk.set(body, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  return chunk
}
