// Draws the icons of the installed web app from web/public/icon.svg. Run it after a change of that file.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'

const folder = join(import.meta.dirname, '..', '..', 'web', 'public')
const svg = readFileSync(join(folder, 'icon.svg'))
mkdirSync(join(folder, 'icons'), { recursive: true })

/** Systems cut a maskable icon to their own shape: what counts is within the inner 80 %. */
const icons = [
  { name: 'icon-192.png', size: 192, drawn: 0.84 },
  { name: 'icon-512.png', size: 512, drawn: 0.84 },
  { name: 'icon-maskable-512.png', size: 512, drawn: 0.6 },
]

for (const { name, size, drawn } of icons) {
  const inner = Math.round(size * drawn)
  const drawing = await sharp(svg, { density: 1200 }).resize(inner, inner).png().toBuffer()
  const canvas = { width: size, height: size, channels: 4 as const, background: '#ffffff' }
  await sharp({ create: canvas })
    .composite([{ input: drawing }])
    .png()
    .toFile(join(folder, 'icons', name))
}
