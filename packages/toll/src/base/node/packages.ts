// Optional packages in Node. Their names reach `import` and `resolve` as values, which bundlers leave alone: a program
// that was bundled into one file finds them where it runs.

import { createRequire } from 'node:module'
import { missingPackage, unusablePackage, type OptionalPackageName } from '../index.js'

/** CommonJS has this in place of `import.meta.url`, which bundlers that make it leave empty. */
declare const __filename: string | undefined

/** The module that names are resolved from: this file, or the bundle that it became a part of. */
function here(): string {
  const url = import.meta.url as string | undefined
  return url ?? (typeof __filename === 'string' ? __filename : `${process.cwd()}/index.js`)
}

/** Loads a package, or a subpath of it. Errors: `device` (`missing-package`, or `no-device` for one that fails to load). */
export async function loadPackage<T>(name: OptionalPackageName, subpath = ''): Promise<T> {
  packageFile(name, subpath)
  const specifier = name + subpath
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as T
  } catch (error) {
    throw unusablePackage(name, error)
  }
}

/** The file that a package, or a subpath of it, begins with. Error: `device` (`missing-package`). */
export function packageFile(name: OptionalPackageName, subpath = ''): string {
  try {
    return createRequire(here()).resolve(name + subpath)
  } catch (error) {
    throw missingPackage(name, error)
  }
}
