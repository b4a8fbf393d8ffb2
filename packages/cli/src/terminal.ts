// What a command may say and hear: results on stdout, remarks and progress on stderr, Ctrl-C as an abort signal. The
// only writer of the process. With --json stdout holds one JSON document, with --quiet stderr holds errors only.

import { inspect } from 'node:util'
import { messageOf, TollError, type ErrorCode } from 'toll/base'
import { CommandFiles } from './files.js'
import { listenForStop } from './interrupt.js'

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
}

export interface ProgressBar {
  /** `detail` stands behind the bar. */
  update(done: number, detail?: string): void
  stop(): void
}

export interface Terminal extends TerminalOptions {
  /** What the command reads and writes. */
  readonly files: CommandFiles
  /** Fires at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
  /** Exit code after a stop: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. */
  readonly signalCode: number
  /** Characters of a line. */
  readonly width: number
  /** Whether the reader of stdout has gone. */
  readonly outputClosed: boolean
  /**
   * Lets Ctrl-C end the process at once until `guard`: for stretches of pure computing that leave nothing to clean up.
   */
  unguard(): void
  guard(): void
  /** Text on stdout. */
  print(text: string): void
  /** What a command was run for: the document with --json, else the text. */
  result(document: unknown, text: string): void
  /** What a command has done: the document with --json, nothing with --quiet, else the text. */
  summary(document: unknown, text: string): void
  /** A remark on stderr, unless --quiet or --json. */
  note(text: string): void
  fail(code: ErrorCode, message: string, error?: unknown): void
  /** What to say when a stop is forced, because a long step did not end in time. */
  whenStopped(text: () => string): void
  /** A bar on stderr when that is a terminal; counts up without an end when `total` is not known. */
  progress(title: string, total: number | undefined, unit: string): Promise<ProgressBar>
  /** Waits until stdout has taken everything; returns the exit code. */
  finish(code: number): Promise<number>
}

/** Characters of a bar. */
const barsize = 20

const silent: ProgressBar = { update: () => undefined, stop: () => undefined }

export function openTerminal({ json, quiet }: TerminalOptions): Terminal {
  let broken: unknown
  let failed = false
  let words: () => string = () => 'stopped'
  const files = new CommandFiles()
  const stop = listenForStop(() => fail('aborted', words()))
  const onBroken = (error: Error) => {
    broken ??= error
  }
  process.stdout.on('error', onBroken)
  const say = (text: string) => process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
  const print = (text: string) => {
    process.stdout.write(`${text}\n`)
  }
  const document = (value: unknown) => print(JSON.stringify(value, undefined, 2))
  const fail = (code: ErrorCode, message: string, error?: unknown) => {
    failed = true
    const line = message.replaceAll(/\s*\n\s*/g, ' ')
    if (json) document({ error: { code, message: line } })
    else say(`toll: ${line}`)
    if (process.env.TOLL_DEBUG && error !== undefined) say(inspect(error))
  }
  return {
    json,
    quiet,
    files,
    print,
    signal: stop.signal,
    unguard: stop.unguard,
    guard: stop.guard,
    get signalCode() {
      return stop.code()
    },
    get width() {
      return Math.min(process.stdout.columns ?? 100, 120)
    },
    get outputClosed() {
      return codeOf(broken) === 'EPIPE'
    },
    result: (value, text) => (json ? document(value) : print(text)),
    summary: (value, text) => {
      if (json) document(value)
      else if (!quiet) print(text)
    },
    note: (text) => {
      if (!quiet && !json) say(text)
    },
    fail,
    whenStopped: (text) => {
      words = text
    },
    progress: async (title, total, unit) =>
      json || quiet || !process.stderr.isTTY ? silent : openBar(title, total, unit),
    finish: async (code) => {
      await new Promise<void>((done) => process.stdout.write('', () => done()))
      process.stdout.off('error', onBroken)
      await files.release()
      stop.unguard()
      if (failed || broken === undefined || codeOf(broken) === 'EPIPE') return code
      say(
        'toll: cannot write the output: ' +
          `${codeOf(broken) === 'ENOSPC' ? 'no space is left on the device' : messageOf(broken)}`,
      )
      return 1
    },
  }
}

async function openBar(title: string, total: number | undefined, unit: string): Promise<ProgressBar> {
  const { Format, SingleBar } = (await import('cli-progress')).default
  const format =
    total === undefined
      ? `${title} {value} ${unit} {detail}`
      : `${title} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left {detail}`
  // The terminal's own settings stay as they are: a process that is killed could not restore them.
  const bar = new SingleBar({
    format,
    barsize,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    gracefulExit: false,
    linewrap: true,
    hideCursor: false,
    stream: process.stderr,
    // Without an advance in the last hundred updates the library's time left is the word INF, which its own format cuts
    // to NF.
    etaBuffer: 100,
    formatTime: (seconds, options, multiple) =>
      Number.isFinite(Number(seconds)) ? Format.TimeFormat(seconds, options, multiple) : '?',
  })
  bar.start(total ?? 0, 0, { detail: '' })
  const room = Math.max(0, (process.stderr.columns ?? 80) - barsize - title.length - 48)
  return {
    update: (done, detail = '') => bar.update(done, { detail: detail && room > 0 ? `| ${detail.slice(0, room)}` : '' }),
    stop: () => bar.stop(),
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof TollError ? codeOf(error.cause) : (error as { code?: unknown } | undefined)?.code
}
