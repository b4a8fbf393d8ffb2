// What a command reads and what it writes: never the same file, by whatever name, and nothing that another process
// writes. Found out before anything is written.

import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { TollError } from 'toll/base'

interface Use {
  /** How the command line calls it. */
  readonly name: string
  readonly path: string
  /** What tells the file from others, wherever it is reached from. */
  readonly marks: readonly string[]
  /** The folder that it is, of pictures. */
  readonly folder?: string
}

export class CommandFiles {
  readonly #read: Use[] = []
  readonly #written: Use[] = []
  readonly #claims: (() => Promise<void>)[] = []

  /** Error: `conflicting-options` for a file that is also written. */
  async reads(name: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const use = await useOf(name, path)
      const written = this.#written.find((other) => isSame(use, other))
      if (written) throw wouldBeLost(written, use)
      this.#read.push(use)
    }
  }

  /**
   * Takes a file for this process until the end; one that it has is its own. Errors: `conflicting-options` for one that
   * is also read, or written for something else; `busy` while another process writes it.
   */
  async writes(name: string, path: string): Promise<void> {
    const use = await useOf(name, path)
    if (use.marks.length === 0) return
    const read = this.#read.find((other) => isSame(use, other))
    if (read) throw wouldBeLost(use, read)
    const written = this.#written.find((other) => isSame(use, other))
    if (written?.name === name && written.path === path) return
    if (written)
      throw new TollError('conflicting-options', `${written.name} and ${name} name the same file, ${path}; name two`, {
        option: name,
        value: path,
        file: path,
      })
    const { claim } = await import('toll/node')
    this.#claims.push(await claim(use.marks[0], { file: path, advice: 'name another file' }))
    this.#written.push(use)
  }

  async release(): Promise<void> {
    for (const release of this.#claims.splice(0)) await release()
  }
}

function wouldBeLost(written: Use, read: Use): TollError {
  return new TollError(
    'conflicting-options',
    `${written.name} ${written.path} is ${read.path}, which is read, and would be lost; name another file`,
    { option: written.name, value: written.path, file: written.path },
  )
}

function isSame(a: Use, b: Use): boolean {
  return a.marks.some((mark) => b.marks.includes(mark)) || isPictureIn(a, b) || isPictureIn(b, a)
}

function isPictureIn({ folder }: Use, { marks: [place, inode] }: Use): boolean {
  return folder !== undefined && inode !== undefined && /\.(png|jpe?g)$/i.test(place) && place.startsWith(folder)
}

/** Streams and devices have no marks: what is written there replaces nothing. */
async function useOf(name: string, path: string): Promise<Use> {
  const status = await stat(path, { bigint: true }).catch(() => undefined)
  const place = await placeOf(resolve(path))
  if (status?.isDirectory()) return { name, path, marks: [], folder: join(place, sep) }
  if (path === '-' || (status && !status.isFile())) return { name, path, marks: [] }
  return { name, path, marks: [place, ...(status ? [`${status.dev} ${status.ino}`] : [])] }
}

/** The path without links, also where the file or its folders are not there yet. */
async function placeOf(path: string): Promise<string> {
  const parent = dirname(path)
  return realpath(path).catch(async () => (parent === path ? path : join(await placeOf(parent), basename(path))))
}
