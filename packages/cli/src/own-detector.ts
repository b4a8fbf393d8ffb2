// The detector that a command line names: one of the library's, or one of the user's own, in a module.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidArgumentError } from 'commander'
import { messageOf, TollError } from 'toll/base'
import { detectorNamed, detectors } from 'toll/detectors'
import type { Detector } from 'toll'

/** Whether a word is the path of a module, and no name. */
export function isModule(word: string): boolean {
  return /[\\/]|\.[cm]?js$/i.test(word)
}

/** For a flag: the word, where a detector may be called so. */
export function detectorWord(word: string): string {
  if (isModule(word) || detectors.has(word)) return word
  throw new InvalidArgumentError(
    `Allowed choices are ${[...detectors.keys()].join(', ')}, and the path of a module with a detector of your own.`,
  )
}

/** Errors: `not-found` for an unknown name; `argument` for a module that does not load or exports no detector. */
export async function detectorFor(word: string): Promise<Detector> {
  if (!isModule(word)) return detectorNamed(word)
  const refuse = (problem: string, cause?: unknown) =>
    new TollError('invalid-detector', `${word} ${problem}; docs/your-own-detector.md says what a detector is`, {
      file: word,
      option: 'detector',
      cause,
    })
  const exported = (await import(pathToFileURL(resolve(word)).href).catch((error: unknown) => {
    throw refuse(`could not be loaded: ${messageOf(error)}`, error)
  })) as Readonly<Record<string, unknown>>
  const found = [...new Set(Object.values(exported).filter(isDetector))]
  if (found.length !== 1) throw refuse(`exports ${found.length === 0 ? 'no detector' : `${found.length} detectors`}`)
  if (detectors.has(found[0].name))
    throw refuse(`has a detector called '${found[0].name}', as one of toll's is; call it otherwise`)
  return found[0]
}

function isDetector(value: unknown): value is Detector {
  const { name, fit, parameters, accepts } = (value ?? {}) as Partial<Detector>
  return (
    typeof name === 'string' && typeof fit === 'function' && typeof parameters === 'object' && Array.isArray(accepts)
  )
}
