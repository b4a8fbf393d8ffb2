// JSON files before DuckDB reads them: its reader follows nesting on the stack, and some thousand brackets end the
// whole process.

import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { JsonDepth, maxJsonDepth, tooDeep } from '../../base/index.js'
import { cannotRead } from '../../base/node/index.js'
import { damagedGzip, type TableFile } from './locate.js'

/** @throws `format` (`malformed-json`) for a file that nests deeper than `maxJsonDepth`; `io`. */
export async function checkDepth(
  { path, name, gzip }: Pick<TableFile, 'path' | 'name' | 'gzip'>,
  lines: boolean,
): Promise<void> {
  const source = createReadStream(path, { highWaterMark: 2 ** 18 })
  const unpacked = gzip ? createGunzip({ chunkSize: 2 ** 18 }) : undefined
  if (unpacked) source.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
  const gauge = new JsonDepth()
  try {
    for await (const part of unpacked ?? source) {
      gauge.push(part as Uint8Array, lines)
      if (gauge.deepest > maxJsonDepth) throw tooDeep().within(name)
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw code.startsWith('Z_') ? damagedGzip(error, name) : code.startsWith('E') ? cannotRead(error, name) : error
  } finally {
    source.destroy()
  }
}
