// Makes the pictures of docs/examples/parts: brushed metal, some of it scratched. node docs/examples/make-parts.mjs

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'parts')
const side = 12
let state = 7
const random = () => (state = (state * 16807) % 2147483647) / 2147483647

async function draw(name, scratched) {
  const [row, slope] = [2 + Math.floor(random() * 8), random() - 0.5]
  const pixels = Uint8Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side]
    const brushed = 120 + 30 * Math.sin(y / 2) + 12 * random()
    return scratched && Math.abs(y - row - slope * x) < 0.8 ? 240 : Math.round(brushed)
  })
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 9 })
    .toFile(join(folder, name))
}

const two = (i) => String(i).padStart(2, '0')
for (let i = 0; i < 60; i++) await draw(`train/good/${two(i)}.png`, false)
for (let i = 60; i < 66; i++) await draw(`test/good/${two(i)}.png`, false)
for (let i = 66; i < 70; i++) await draw(`test/scratch/${two(i)}.png`, true)
