// npm run sizes [-- --no-command]: packs the published packages, installs them into empty folders, uses them there as
// programs do (ES modules, CommonJS, a worker thread, strict types, bundlers, the command), and prints what they weigh.

import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  lstatSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build as esbuild } from 'esbuild'
import { chromium } from 'playwright-core'
import { optionalPackages } from '../packages/toll/dist/base/index.js'
import { findChromium, noChromium } from '../test/dist/browser.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const work = mkdtempSync(join(tmpdir(), 'toll-packed-'))
const withCommand = !process.argv.includes('--no-command')
const tool = (name) => join(root, 'node_modules', '.bin', name)

/** Runs a program; its output is shown where it fails. */
function run(folder, file, args, env = {}) {
  try {
    return execFileSync(file, args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', ...env },
    })
  } catch (error) {
    console.error(`${file} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
    process.exitCode = 1
    throw error
  }
}

function folderNamed(name, files = {}) {
  const folder = join(work, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true }))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  return folder
}

const install = (folder, ...packages) => run(folder, 'npm', ['install', '--no-audit', '--no-fund', ...packages])

function bytesIn(folder) {
  let sum = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const found = lstatSync(join(folder, name))
    if (found.isFile()) sum += found.size
  }
  return sum
}

const onnxruntimeWeb = optionalPackages['onnxruntime-web'].version
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(0)} KB`
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Milliseconds that Node with these arguments takes: the median of nine. */
const timeOf = (...args) =>
  median(
    Array.from({ length: 9 }, () => {
      const start = performance.now()
      run(work, process.execPath, args)
      return performance.now() - start
    }),
  )
const report = (what, value) => console.log(`${what.padEnd(48)} ${value}`)

function expectSame(found, expected) {
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`)
}

const fitting = `
const rows = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(i), Math.sin(i) + Math.cos(i)])
const model = await fit(tableFromRows(rows, ['a', 'b', 'c']), { seed: 1, parameters: { steps: 100 } })
const { score } = await model.score(tableFromRows([[0, 1, 1], [0, 1, -5]], ['a', 'b', 'c']))
if (!(score[1] > score[0])) throw new Error(\`scores \${score} do not rank the anomaly first\`)
`
const inAFunction = (text) => `async function main() {${text}}\nmain()\n`

// What a browser needs: the verbs that a page of that kind has.
const pages = {
  scoring: `import { loadModel, tableFromRows } from 'toll'
window.score = async (address, rows, names) => {
  const model = await loadModel(address)
  return model.score(tableFromRows(rows, names))
}
`,
  training: `import { fit, loadModel, saveModel, tableFromRows } from 'toll'
window.train = async (rows, names) => saveModel(await fit(tableFromRows(rows, names)), 'model.onnx')
window.score = async (address, rows, names) => {
  const model = await loadModel(address)
  return model.score(tableFromRows(rows, names))
}
`,
}

const engine = /^onnxruntime-web/

/** Each makes one ES module for a browser, with the browser's engine in it or not. */
const bundlers = {
  async esbuild(entry, outfile, withEngine) {
    await esbuild({
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      external: withEngine ? [] : ['onnxruntime-web', 'onnxruntime-web/*'],
      logLevel: 'error',
    })
  },
  async Vite(entry, outfile, withEngine) {
    const { build } = await import('vite')
    await build({
      root: dirname(entry),
      configFile: false,
      logLevel: 'error',
      base: './',
      build: {
        outDir: dirname(outfile),
        emptyOutDir: false,
        minify: true,
        rollupOptions: {
          input: entry,
          external: withEngine ? [] : engine,
          output: { entryFileNames: basename(outfile), codeSplitting: false },
        },
      },
    })
  },
  async webpack(entry, outfile, withEngine) {
    const { default: webpack } = await import('webpack')
    const compiler = webpack({
      mode: 'production',
      context: dirname(entry),
      entry,
      experiments: { outputModule: true },
      externals: ({ request }, done) =>
        !withEngine && engine.test(request) ? done(null, `module ${request}`) : done(),
      output: {
        path: dirname(outfile),
        filename: basename(outfile),
        library: { type: 'module' },
        chunkFormat: 'module',
      },
      performance: false,
    })
    const stats = await new Promise((resolve, reject) =>
      compiler.run((error, done) => (error ? reject(error) : resolve(done))),
    )
    if (stats.hasErrors() || stats.hasWarnings())
      throw new Error(stats.toString({ all: false, errors: true, warnings: true }))
  },
}

const nodeBundlers = {
  async esbuild(entry, outfile) {
    await esbuild({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    })
  },
  async 'esbuild, CommonJS'(entry, outfile) {
    await esbuild({
      stdin: { contents: inCommonJs(entry), resolveDir: dirname(entry) },
      outfile,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      logLevel: 'error',
      logOverride: { 'empty-import-meta': 'silent' },
    })
  },
  async rolldown(entry, outfile) {
    const { build } = await import('rolldown')
    await build({ input: entry, platform: 'node', logLevel: 'silent', output: { file: outfile, codeSplitting: false } })
  },
}

/**
 * Opens a folder's page.js in Chromium; it says in the title of its document when it is done, and how. The files come
 * without a server.
 */
async function open(folder, executablePath) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage()
    await page.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url())
      const path = join(folder, pathname)
      if (pathname === '/')
        return route.fulfill({ contentType: 'text/html', body: '<script type="module" src="page.js"></script>' })
      return existsSync(path) ? route.fulfill({ path }) : route.fulfill({ status: 404 })
    })
    await page.goto('http://localhost/')
    await page.waitForFunction(() => document.title !== '')
    return await page.title()
  } finally {
    await browser.close()
  }
}

/** The program without await at its top, which CommonJS does not have. */
function inCommonJs(entry) {
  const [line, ...rest] = readFileSync(entry, 'utf8').split('\n')
  return `${line}\n${inAFunction(rest.join('\n'))}`
}

try {
  run(root, 'npm', ['pack', '--silent', '-w', 'toll', '-w', 'toll-cli', '--pack-destination', work])
  const [library, command] = ['toll', 'toll-cli'].map((name) =>
    join(
      work,
      readdirSync(work).find((file) => new RegExp(`^${name}-\\d.*\\.tgz$`).test(file)),
    ),
  )
  for (const file of [library, command]) {
    run(work, tool('publint'), [file, '--strict'])
    // CommonJS takes the packages by `require` of ES modules, or by `import()`.
    run(work, tool('attw'), [file, '--profile', 'esm-only'])
  }
  report('publint, attw', 'clean')

  const alone = folderNamed('alone', {
    'module.mjs': `import { tableFromRows } from 'toll'\nif (tableFromRows([[1]], ['a']).rows !== 1) process.exit(1)\n`,
    'dynamic.cjs': inAFunction(`console.log(typeof (await import('toll')).fit)`),
    'doors.mjs': `import manifest from 'toll/package.json' with { type: 'json' }
const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json')
for (const door of doors) if (Object.keys(await import('toll' + door.slice(1))).length === 0) process.exit(1)
console.log(doors.length)\n`,
    'require.cjs': `if (typeof require('toll').fit !== 'function' || !require('toll/graph').compile) process.exit(1)\n`,
    'missing.mjs': `import { openEngine } from 'toll'
const reason = await openEngine({ device: 'cpu' }).catch((error) => error.reason)
if (reason !== 'missing-package') process.exit(1)\n`,
    'types.ts': `import { TollError, fit, readTable, scoreStream, type Model } from 'toll'
import { compile } from 'toll/graph'
export const learn = async (): Promise<Model> => fit(await readTable('a.csv'))
export const all = { TollError, scoreStream, compile }\n`,
    'types-node.ts': `export { learn } from './types.js'\nexport { openTable } from 'toll/node'\n`,
  })
  install(alone, library)
  report('installed: toll', megabytes(bytesIn(join(alone, 'node_modules'))))
  for (const file of ['module.mjs', 'require.cjs', 'missing.mjs']) run(alone, process.execPath, [file])
  expectSame(run(alone, process.execPath, ['dynamic.cjs']), 'function\n')
  expectSame(run(alone, process.execPath, ['doors.mjs']), '10\n')
  report('ES module, import(), require', 'fine')
  const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022']
  const lib = ['--lib', 'es2023,dom,dom.iterable,esnext.disposable']
  const checkTypes = (...files) => {
    for (const resolution of ['nodenext', 'bundler']) {
      const module = resolution === 'bundler' ? 'esnext' : resolution
      run(alone, tool('tsc'), [...files, ...strict, ...lib, '--module', module, '--moduleResolution', resolution])
    }
  }
  checkTypes('types.ts')
  // toll/node speaks of Node's streams.
  install(alone, '@types/node@20')
  checkTypes('types-node.ts', '--types', 'node')
  report('types, skipLibCheck off', 'fine')
  const milliseconds = Array.from({ length: 9 }, () =>
    Number(
      run(alone, process.execPath, [
        '-e',
        `const t = performance.now(); import('toll').then(() => console.log(performance.now() - t))`,
      ]),
    ),
  )
  report(`import('toll'), median of 9`, `${median(milliseconds).toFixed(0)} ms`)
  report('node -e 0, for scale, median of 9', `${timeOf('-e', '0').toFixed(0)} ms`)
  for (const [what, text] of Object.entries(pages)) {
    const entry = join(alone, `${what}.js`)
    writeFileSync(entry, text)
    for (const [name, bundle] of Object.entries(bundlers)) {
      const file = join(alone, `out-${name}`, `${what}.js`)
      mkdirSync(dirname(file), { recursive: true })
      await bundle(entry, file)
      report(`browser bundle, ${what}, ${name}, gzip`, kilobytes(gzipSync(readFileSync(file)).length))
    }
  }

  const executablePath = findChromium()
  if (executablePath === undefined) report('bundles in a browser', `skipped: ${noChromium}`)
  else {
    install(alone, `onnxruntime-web@${onnxruntimeWeb}`)
    const entry = join(alone, 'page.js')
    writeFileSync(
      entry,
      `import { fit, loadModel, tableFromRows } from 'toll'
try {
${fitting}
document.title = (await loadModel(model.bytes)).manifest ? 'right' : 'wrong'
} catch ({ reason, message, details }) {
document.title = reason ? [reason, details.option].join() : message
}
`,
    )
    for (const [name, bundle] of Object.entries(bundlers)) {
      const folder = join(alone, `page-${name}`)
      mkdirSync(folder)
      await bundle(entry, join(folder, 'page.js'), true)
      if (name === 'esbuild') {
        // It leaves the engine's file behind, and the error says which one and what helps.
        expectSame(await open(folder, executablePath), 'unknown-file,wasmPaths')
        const wasm = 'ort-wasm-simd-threaded.wasm'
        cpSync(join(alone, 'node_modules', 'onnxruntime-web', 'dist', wasm), join(folder, wasm))
      }
      expectSame(await open(folder, executablePath), 'right')
      report(`fits and scores in Chromium, ${name}`, 'runs')
    }
  }

  if (withCommand) {
    const full = folderNamed('full', {
      'program.mjs': `import { fit, saveModel, tableFromRows } from 'toll'
${fitting}
await saveModel(model, 'model.onnx')
console.log('done')\n`,
      'worker.mjs': `import { Worker } from 'node:worker_threads'
const worker = new Worker(new URL('program.mjs', import.meta.url))
worker.on('error', (error) => {
  throw error
})\n`,
      'rows.csv': [
        'a,b,c',
        ...Array.from({ length: 300 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 7}`),
        '',
      ].join('\n'),
    })
    install(full, library, command)
    report('installed: toll-cli', megabytes(bytesIn(join(full, 'node_modules'))))
    expectSame(run(full, process.execPath, ['program.mjs']), 'done\n')
    expectSame(run(full, process.execPath, ['worker.mjs']), 'done\n')
    report('fit and score, also in a worker thread', 'fine')
    const toll = (...args) => run(full, 'npx', ['--no-install', 'toll', ...args])
    toll('--version')
    toll('fit', 'rows.csv', '-o', 'fitted.onnx', '--param', 'steps=100', '--seed', '1', '--quiet')
    toll('score', 'fitted.onnx', 'rows.csv', '-o', 'scores.csv', '--quiet')
    if (readFileSync(join(full, 'scores.csv'), 'utf8').trimEnd().split('\n').length !== 301)
      throw new Error('scores.csv has the wrong number of rows')
    toll('inspect', 'model.onnx')
    report('npx toll', 'fine')
    const bin = join(full, 'node_modules', 'toll-cli', 'bin', 'toll.js')
    report('toll --help, median of 9', `${timeOf(bin, '--help').toFixed(0)} ms`)
    for (const [name, bundle] of Object.entries(nodeBundlers)) {
      // The bundle stands alone: its only neighbours are the packages that have a native part.
      const place = folderNamed(`bundle-${name.replace(/\W+/g, '-')}`)
      const file = join(place, name.includes('CommonJS') ? 'one.cjs' : 'one.mjs')
      await bundle(join(full, 'program.mjs'), file)
      for (const native of ['onnxruntime-node', 'onnxruntime-common'])
        cpSync(join(full, 'node_modules', native), join(place, 'node_modules', native), { recursive: true })
      expectSame(run(place, process.execPath, [file]), 'done\n')
      report(`one file for Node, ${name}`, 'runs')
    }
  }
  console.log('the packed packages install, import, bundle and run')
} finally {
  rmSync(work, { recursive: true, force: true })
}
