// The optional packages: what each is for, and the error where one is not installed. toll has no native part of its
// own, so that installing it never fails; what computes, reads files and draws is chosen by whoever needs it.

import { TollError, messageOf } from './errors.js'

export interface OptionalPackage {
  /** What needs it, to begin a sentence. */
  readonly purpose: string
  /** The version that package.json asks for; an architecture test holds the two together. */
  readonly version: string
}

export const optionalPackages = {
  'onnxruntime-node': { purpose: 'Fitting and scoring in Node', version: '^1.30.0' },
  'onnxruntime-web': { purpose: 'Fitting and scoring in a browser', version: '^1.30.0' },
  '@duckdb/node-api': { purpose: 'Reading tables in Node', version: '1.5.5-r.5' },
  sharp: { purpose: 'Reading pictures in Node', version: '^0.35.5' },
  '@observablehq/plot': { purpose: 'Drawing charts', version: '^0.6.17' },
  linkedom: { purpose: 'Drawing charts', version: '^0.18.15' },
} as const satisfies Readonly<Record<string, OptionalPackage>>

export type OptionalPackageName = keyof typeof optionalPackages

/** The error for a package that is not installed, or cannot be reached from where it was asked for. */
export function missingPackage(name: OptionalPackageName, cause?: unknown): TollError {
  const { purpose, version } = optionalPackages[name]
  return new TollError(
    'missing-package',
    `${purpose} needs the package ${name}; install it with: npm install ${name}@${version.replace('^', '')}`,
    { package: name, cause },
  )
}

/** For the failure of a literal `import(...)`, which bundlers follow where the package is installed. */
export function notInstalled(name: OptionalPackageName): (cause: unknown) => never {
  return (cause) => {
    throw missingPackage(name, cause)
  }
}

/** The error for a package that is there but does not load on this machine. */
export function unusablePackage(name: OptionalPackageName, cause: unknown): TollError {
  return new TollError('no-device', `the package ${name} does not load on this machine: ${messageOf(cause)}`, {
    package: name,
    cause,
  })
}
