// Parses the command line, runs the one command that it names, and turns whatever happens into one line and an exit
// code: 0 fine, 1 failure, 2 wrong use, 130 stopped by Ctrl-C.

import { Command, CommanderError } from 'commander'
import { messageOf, TollError, version } from 'toll/base'
import { openTerminal, type Terminal } from './terminal.js'

/**
 * Adds arguments, options, examples and the action of one command. `args` are the words of the command line, where
 * options depend on them.
 */
export type Definition = (command: Command, terminal: Terminal, args: readonly string[]) => void | Promise<void>

export interface CommandEntry {
  readonly name: string
  /** Arguments, as the list of commands shows them. */
  readonly usage: string
  readonly summary: string
  readonly load: () => Promise<Definition>
}

export interface ProgramDescription {
  /** As it is typed. */
  readonly name: string
  readonly description: string
  readonly commands: readonly CommandEntry[]
  /** Ends the help. */
  readonly help: string
  /** What the options of its commands offer against an error. */
  readonly hint?: (error: TollError) => string | undefined
}

/** Runs the command that `args` name and returns the exit code of the process. */
export async function runProgram(description: ProgramDescription, args: readonly string[]): Promise<number> {
  const terminal = openTerminal({
    json: args.includes('--json'),
    quiet: args.includes('--quiet') || args.includes('-q'),
  })
  try {
    const program = await buildProgram(description, args, terminal)
    if (args.length === 0) {
      terminal.note(program.helpInformation())
      return 2
    }
    await program.parseAsync([...args], { from: 'user' })
    return await terminal.finish(0)
  } catch (error) {
    return await terminal.finish(report(error, description, args, terminal))
  }
}

/** Every command is listed; only the one that `args` names is loaded. */
async function buildProgram(
  { name: called, description, commands, help }: ProgramDescription,
  args: readonly string[],
  terminal: Terminal,
): Promise<Command> {
  const program = new Command(called)
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim(),
      showGlobalOptions: false,
    })
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: () => undefined,
      getOutHelpWidth: () => terminal.width,
    })
    .exitOverride()
    .showHelpAfterError(false)
  const named = args.find((arg) => !arg.startsWith('-') && arg !== 'help')
  for (const { name, usage, summary, load } of commands) {
    const command = program.command(name).summary(summary)
    command.configureHelp({}).helpOption('-h, --help', 'print this help')
    if (name === named) await (await load())(command, terminal, args)
    else command.usage(usage)
  }
  return program.addHelpText('after', help)
}

function report(
  error: unknown,
  { name: called, commands, hint }: ProgramDescription,
  args: readonly string[],
  terminal: Terminal,
): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    const command = commands.find(({ name }) => args.includes(name))?.name
    const message =
      error.code === 'commander.help'
        ? 'the name of a command is missing'
        : // eslint-disable-next-line rooms/messages -- what commander says of wrong words, in our layout
          error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    terminal.fail('argument', `${message}; see "${called} ${command ? `${command} ` : ''}--help"`)
    return 2
  }
  if (terminal.outputClosed || isBrokenPipe(error)) return 0
  if (!(error instanceof TollError)) {
    terminal.fail('internal', `internal: ${messageOf(error)}`, error)
    return 1
  }
  const { code } = error
  if (code === 'aborted' && terminal.signal.aborted) {
    terminal.fail('aborted', messageOf(error))
    return terminal.signalCode
  }
  const flags = hint?.(error)
  terminal.fail(code, flags === undefined ? messageOf(error) : `${messageOf(error)} (${flags})`, error)
  return code === 'argument' ? 2 : 1
}

/** The reader of our output has seen enough (`| head`): no failure. */
function isBrokenPipe(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'EPIPE') || isBrokenPipe(error.cause)
}
