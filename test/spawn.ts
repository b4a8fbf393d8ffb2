// The real command in a process of its own, for the tests of commands.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

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

export interface SpawnedCommand {
  /** Starts the command; `outcome` is its end. */
  readonly start: (
    args: readonly string[],
    options: SpawnOptions,
  ) => { process: ChildProcess; outcome: Promise<Outcome> }
  readonly run: (args: readonly string[], options: SpawnOptions) => Promise<Outcome>
  /** A shell line in which the command has its name. */
  readonly shell: (line: string, cwd: string) => Promise<Outcome>
}

/** The command that a file of JavaScript runs. Data folders of the machine are hidden from it. */
export function spawnCommand(name: string, file: URL): SpawnedCommand {
  const main = fileURLToPath(file)
  const start: SpawnedCommand['start'] = (args, { cwd, input, env = {} }) => {
    const { TOLL_DATA: _data, TOLL_CACHE: _cache, TOLL_DEBUG: _debug, ...rest } = process.env
    return collect(spawn(process.execPath, [main, ...args], { cwd, env: { ...rest, ...env } }), input)
  }
  return {
    start,
    run: (args, options) => start(args, { input: '', ...options }).outcome,
    shell: (line, cwd) =>
      collect(spawn('bash', ['-c', `${name}() { "${process.execPath}" "${main}" "$@"; }; ${line}`], { cwd }), '')
        .outcome,
  }
}

function collect(child: ChildProcess, input: string | undefined): { process: ChildProcess; outcome: Promise<Outcome> } {
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdin?.on('error', () => undefined)
  if (input !== undefined) child.stdin?.end(input)
  const outcome = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: (code ?? signal) as number | string,
    out,
    err,
  }))
  return { process: child, outcome }
}
