// The real command in a process of its own, for the tests of commands.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface Outcome {
  /** Exit code; 128 and the number of the signal that ended the process, as a shell says it. */
  readonly code: number
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

/**
 * The same command inside this process, many times as fast to start, one call after the other. Commands that read
 * standard input, or that a signal or a closed pipe ends, need a process of their own.
 */
export function commandInProcess(main: (args: readonly string[]) => Promise<number>): SpawnedCommand['run'] {
  let before: Promise<unknown> = Promise.resolve()
  return (args, options) => {
    const outcome = before.then(() => callInProcess(main, args, options))
    before = outcome.catch(() => undefined)
    return outcome
  }
}

const hidden = ['TOLL_DATA', 'TOLL_CACHE', 'TOLL_DEBUG']

async function callInProcess(
  main: (args: readonly string[]) => Promise<number>,
  args: readonly string[],
  { cwd, env = {} }: SpawnOptions,
): Promise<Outcome> {
  const folder = process.cwd()
  const environment = { ...process.env }
  const written = { stdout: '', stderr: '' }
  const streams = ['stdout', 'stderr'] as const
  const real = streams.map((name) => process[name].write.bind(process[name]))
  try {
    process.chdir(cwd)
    for (const name of hidden) delete process.env[name]
    Object.assign(process.env, env)
    for (const name of streams) process[name].write = writeTo((text) => (written[name] += text))
    const code = await main(args)
    return { code, out: written.stdout, err: written.stderr }
  } finally {
    streams.forEach((name, i) => (process[name].write = real[i]))
    for (const name of [...hidden, ...Object.keys(env)]) {
      if (environment[name] === undefined) delete process.env[name]
      else process.env[name] = environment[name]
    }
    process.chdir(folder)
  }
}

/** `write` of a stream that takes everything at once. */
function writeTo(take: (text: string) => void): typeof process.stdout.write {
  return (chunk: string | Uint8Array, ...rest: unknown[]) => {
    take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
    const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined
    if (done) queueMicrotask(done)
    return true
  }
}

/** Waits until `condition` holds, however long a busy machine takes; a test's own limit ends the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** Waits until the process has computed for so long, by its own clock: a busy machine gives it less of each second. */
export async function untilComputed({ pid }: ChildProcess, seconds: number): Promise<void> {
  if (process.platform !== 'linux') return sleep(3000 * seconds)
  // Fields 14 and 15 of proc(5), in hundredths of a second; the name before them may hold spaces.
  const used = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }
  await until(() => used() >= seconds)
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
    code: typeof code === 'number' ? code : 128 + constants.signals[signal as NodeJS.Signals],
    out,
    err,
  }))
  return { process: child, outcome }
}
