// The real command in a process of its own, for the tests of this room.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Random } from '../base/index.js'

export const mainFile = fileURLToPath(new URL('./main.js', import.meta.url))

export interface Outcome {
  /** Exit code, or the name of the signal that ended the process. */
  readonly code: number | string
  readonly out: string
  readonly err: string
}

export interface SpawnOptions {
  readonly cwd: string
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A started command and its end. Data folders of the machine are hidden from it. */
export function startToll(args: readonly string[], { cwd, input, env = {} }: SpawnOptions): { process: ChildProcess; outcome: Promise<Outcome> } {
  const { TOLL_DATA: _data, TOLL_CACHE: _cache, TOLL_DEBUG: _debug, ...rest } = process.env
  return collect(spawn(process.execPath, [mainFile, ...args], { cwd, env: { ...rest, ...env } }), input)
}

export async function runToll(args: readonly string[], options: SpawnOptions): Promise<Outcome> {
  const started = startToll(args, { input: '', ...options })
  return started.outcome
}

/** A shell line in which `toll` is the command. */
export async function runShell(line: string, cwd: string): Promise<Outcome> {
  const script = `toll() { "${process.execPath}" "${mainFile}" "$@"; }; ${line}`
  return collect(spawn('bash', ['-c', script], { cwd }), '').outcome
}

function collect(child: ChildProcess, input: string | undefined): { process: ChildProcess; outcome: Promise<Outcome> } {
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { err += text })
  child.stdin?.on('error', () => undefined)
  if (input !== undefined) child.stdin?.end(input)
  const outcome = once(child, 'close').then(([code, signal]: unknown[]) => ({ code: (code ?? signal) as number | string, out, err }))
  return { process: child, outcome }
}

/** Rows of two tied features a, b = 2a + noise and a free one c, with a key and a label; every 50th row breaks the tie. */
export async function writeExample(folder: string, rows = 400): Promise<string> {
  const random = Random.seeded(7)
  const lines = Array.from({ length: rows }, (_, i) => {
    const anomaly = i % 50 === 49 ? 1 : 0
    const a = random.normal()
    return [`k${i}`, a.toFixed(4), (2 * a + 0.1 * random.normal() + 5 * anomaly).toFixed(4), (5 + random.normal()).toFixed(4), anomaly].join(',')
  })
  const path = join(folder, 'example.csv')
  await writeFile(path, `key,a,b,c,label\n${lines.join('\n')}\n`)
  return path
}
