// Puts the script of the engine's worker thread, with all that it imports, as text into a module of the built library:
// programs that are bundled into one file start their worker from it. Runs after the compiler, before packing.

import { build } from 'esbuild'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('../packages/toll/dist/runtime/node/', import.meta.url)
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('ort-worker.js', folder))],
  bundle: true,
  // A worker that starts from text is a CommonJS script.
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
})
const source = outputFiles[0].text
writeFileSync(
  new URL('worker-source.js', folder),
  `// Made by tools/bundle-worker.mjs of ort-worker.js.\nexport const workerSource = ${JSON.stringify(source)}\n`,
)
