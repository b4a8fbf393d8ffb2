// For tests in a real browser: finds Chromium, serves the built package as a bundler-less page with an import map, and
// runs code in it.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, extname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

export interface BrowserPage {
  /**
   * Runs the body of an async function in the page; it may `await import('toll/runtime')`. Its result comes back by
   * structured clone.
   */
  run<T>(body: string, argument?: unknown): Promise<T>
  /** What the page wrote to its console, one line each, and errors that nobody caught. */
  readonly log: readonly string[]
  /** Addresses that the page or its workers asked for and that are not of its own server; none is reached. */
  readonly strangers: readonly string[]
  close(): Promise<void>
}

export interface PageOptions {
  /** Whether to give the page WebGPU on Chromium's software adapter, which needs no GPU. */
  readonly webgpu?: boolean
}

/** The executable of CHROME_PATH or of the usual places, or undefined. */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')]
  const places = [process.env.CHROME_PATH, ...folders.flatMap((folder) => names.map((name) => join(folder, name)))]
  return places.find((place) => place !== undefined && place !== '' && existsSync(place))
}

/** Why tests in a browser are skipped. */
export const noChromium = 'no Chromium was found (CHROME_PATH, chromium, chromium-browser, google-chrome)'

/** Opens a page that can import the package's doors as `toll/...`. */
export async function openPage(executablePath: string, options: PageOptions = {}): Promise<BrowserPage> {
  const server = await serve()
  const stopServing = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const { port } = server.address() as AddressInfo
  const browser = await chromium
    .launch({
      executablePath,
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        ...(options.webgpu
          ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']
          : ['--disable-gpu']),
      ],
    })
    .catch(async (error: unknown) => {
      await stopServing()
      throw error
    })
  const context = await browser.newContext()
  const strangers: string[] = []
  const origin = `http://localhost:${port}`
  await context.route(
    ({ href }) => ![`${origin}/`, `blob:${origin}/`, 'data:'].some((own) => href.startsWith(own)),
    (route) => {
      strangers.push(route.request().url())
      return route.abort()
    },
  )
  const page = await context.newPage()
  const log: string[] = []
  page.on('console', (message) => log.push(message.text()))
  page.on('pageerror', (error) => log.push(error.message))
  await page.goto(`${origin}/`)
  return {
    log,
    strangers,
    run: (body, argument) => page.evaluate(`(async (argument) => { ${body} })(${JSON.stringify(argument ?? null)})`),
    close: async () => {
      await browser.close()
      await stopServing()
    },
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Built code of the workspaces. */
const workspaces = { toll: 'packages/toll', paper: 'paper' }
/** What the rooms that run in a browser import. */
const packages = ['@bufbuild/protobuf', '@noble/hashes', 'fflate', 'onnxruntime-web', 'pure-rand', 'valibot']
const served = [
  ...Object.values(workspaces).map((folder) => join(folder, 'dist')),
  ...packages.map((name) => join('node_modules', name)),
]
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.onnx': 'application/octet-stream',
}

async function serve(): Promise<Server> {
  const page =
    '<!doctype html><meta charset="utf-8"><script ' +
    `type="importmap">${JSON.stringify({ imports: await importMap() })}</script>`
  const server = createServer((request, response) => {
    // Isolation from other origins, which a browser asks for before it shares memory between threads.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    if (path === '/') {
      response.setHeader('Content-Type', 'text/html').end(page)
    } else if (served.some((folder) => path.startsWith(`${sep}${folder}${sep}`))) {
      readFile(join(root, path)).then(
        (content) =>
          response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream').end(content),
        () => response.writeHead(404).end(),
      )
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return server
}

/** `toll/...` and the packages, as their package.json files export them to a browser. */
async function importMap(): Promise<Record<string, string>> {
  const imports: Record<string, string> = {}
  for (const [name, folder] of [
    ['toll', `${workspaces.toll}/`],
    ...packages.map((name) => [name, `node_modules/${name}/`]),
  ]) {
    const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as {
      exports: Record<string, Target>
      imports?: Record<string, Target>
    }
    for (const [inner, target] of Object.entries(manifest.imports ?? {})) {
      const file = inBrowser(target)
      if (file) imports[inner] = `/${folder}${file.slice(2)}`
    }
    for (const [subpath, target] of Object.entries(manifest.exports)) {
      const file = inBrowser(target)
      if (file) imports[name + subpath.slice(1)] = `/${folder}${file.slice(2)}`
    }
  }
  return imports
}

type Target = string | { readonly [condition: string]: Target }

function inBrowser(target: Target): string | undefined {
  if (typeof target === 'string') return target
  const chosen = target.browser ?? target.import ?? target.default
  return chosen === undefined ? undefined : inBrowser(chosen)
}
