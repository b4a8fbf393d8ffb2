// Optional packages in Node. Their names reach `import` and `resolve` as values, which bundlers leave alone: a program
// that was bundled into one file finds them where it runs.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { missingPackage, unusablePackage, type OptionalPackageName } from '../index.js'

/** CommonJS has this in place of `import.meta.url`, which bundlers that make it leave empty. */
declare const __filename: string | undefined

/**
 * Where names are resolved from: this file, or the bundle that it became a part of; last the working folder, for
 * bundles that were moved away from where they were made.
 */
function origins(): string[] {
  const url = import.meta.url as string | undefined
  const bundle = typeof __filename === 'string' ? __filename : undefined
  return [url, bundle, join(process.cwd(), 'index.js')].filter((origin) => origin !== undefined)
}

/**
 * Loads a package, or a subpath of it. Errors: `device` (`missing-package`, or `no-device` for one that fails to load).
 */
export async function loadPackage<T>(name: OptionalPackageName, subpath = ''): Promise<T> {
  const file = packageFile(name, subpath)
  const specifier = name + subpath
  const address = pathToFileURL(file).href
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as T
  } catch (error) {
    if (!isNotFound(error)) throw unusablePackage(name, error)
  }
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ address)) as T
  } catch (error) {
    throw unusablePackage(name, error)
  }
}

/** The file that a package, or a subpath of it, begins with. Error: `device` (`missing-package`). */
export function packageFile(name: OptionalPackageName, subpath = ''): string {
  let cause: unknown
  for (const origin of origins()) {
    try {
      return createRequire(origin).resolve(name + subpath)
    } catch (error) {
      cause ??= error
    }
  }
  throw missingPackage(name, cause)
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
