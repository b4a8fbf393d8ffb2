// A Python script that answers one line of JSON with another.

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { TollError } from 'toll'

export interface Python {
  /** The first line that the script prints. */
  readonly greeting: Readonly<Record<string, unknown>>
  ask(request: unknown): Promise<Readonly<Record<string, unknown>>>
  close(): void
}

/**
 * Runs `script` with the first python3 that can import `module`, on the PATH or where Debian puts it; undefined without
 * one.
 */
export async function openPython(module: string, script: string): Promise<Python | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  const python = [...new Set(folders.map((folder) => join(folder, 'python3')))].find(
    (candidate) => spawnSync(candidate, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0,
  )
  if (!python) return undefined
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  }) as unknown as ChildProcessWithoutNullStreams
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = (await lines.next()) as IteratorResult<string, undefined>
    if (done) throw new TollError('cannot-read', `${python} ended before it answered; run ${script} by hand to see why`)
    return JSON.parse(value) as Record<string, unknown>
  }
  return {
    greeting: await next(),
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return next()
    },
    close: () => void child.kill(),
  }
}
