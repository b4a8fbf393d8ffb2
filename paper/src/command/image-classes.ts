// Normal classes and weights of the norm term, as the command line names them.

import { TollError } from 'toll'
import { datasets } from 'toll/data'
import type { ImageProtocol } from '../images/index.js'

/** Names of all classes of a data set, by index. */
export function classNames({ dataset, labels }: ImageProtocol): readonly string[] {
  const { classes, coarseClasses } = datasets.find(({ name }) => name === dataset)!
  return (labels === 'coarse' ? coarseClasses : classes)!
}

/** `0,3-5,truck` as class numbers, in their order, each once. Error: `argument`. */
export function readClasses(text: string, names: readonly string[]): number[] {
  const chosen = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => {
      const named = names.findIndex((name) => name.toLowerCase() === part.toLowerCase())
      // Digits name themselves: class 8 is '8'.
      if (named >= 0) return [named]
      const range = /^(\d+)(?:-(\d+))?$/.exec(part)
      const [from, to] = range ? [Number(range[1]), Number(range[2] ?? range[1])] : [0, -1]
      if (!range || from > to || to >= names.length) {
        throw new TollError(
          'out-of-domain',
          `--classes takes numbers from 0 to ${names.length - 1}, ranges such as 3-5, or names ` +
            `(${names.join(', ')}); '${part}' is none of them`,
        )
      }
      return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    })
  if (chosen.length === 0) throw new TollError('missing-argument', '--classes names no class')
  return [...new Set(chosen)].sort((a, b) => a - b)
}

export function readBetas(text: string): number[] {
  const betas = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const beta = Number(part)
      if (!(beta >= 0 && Number.isFinite(beta)))
        throw new TollError('out-of-domain', `--beta takes numbers from 0, such as 10 or 0,10,100; '${part}' is none`)
      return beta
    })
  if (betas.length === 0) throw new TollError('missing-argument', '--beta names no number')
  return [...new Set(betas)].sort((a, b) => a - b)
}
