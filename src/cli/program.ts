// Parses the command line, runs the one command that it names, and turns whatever happens into one line and an exit code:
// 0 fine, 1 failure, 2 wrong use, 130 stopped by Ctrl-C.

import { Command, CommanderError } from 'commander'
import { TollError, messageOf, version } from '../base/index.js'
import { commands } from './commands.js'
import { openTerminal, type Terminal } from './terminal.js'

export async function runCommand(args: readonly string[]): Promise<number> {
  const terminal = openTerminal({ json: args.includes('--json'), quiet: args.includes('--quiet') || args.includes('-q') })
  try {
    const program = await buildProgram(args, terminal)
    if (args.length === 0) {
      terminal.note(program.helpInformation())
      return 2
    }
    await program.parseAsync([...args], { from: 'user' })
    return await terminal.finish(0)
  } catch (error) {
    return await terminal.finish(report(error, args, terminal))
  }
}

/** Every command is listed; only the one that `args` names is loaded. */
async function buildProgram(args: readonly string[], terminal: Terminal): Promise<Command> {
  const program = new Command('toll')
    .description('Finds anomalies in tables and images: learns from normal data, scores new data, ships the model as one ONNX file.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim(), showGlobalOptions: false })
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: () => undefined, getOutHelpWidth: () => terminal.width })
    .exitOverride()
    .showHelpAfterError(false)
  const named = args.find((arg) => !arg.startsWith('-') && arg !== 'help')
  for (const { name, usage, summary, load } of commands) {
    const command = program.command(name).summary(summary)
    command.configureHelp({}).helpOption('-h, --help', 'print this help')
    if (name === named) (await load())(command, terminal, args)
    else command.usage(usage)
  }
  return program.addHelpText('after', `
Examples:
  $ toll demo                                       see it work, with nothing but what is installed
  $ toll fit normal.csv -o model.onnx               learn from a table of mostly normal rows
  $ toll score model.onnx new.csv -o scores.csv     score new rows
  $ toll eval model.onnx test.csv --label fraud     how well does it do?

"toll COMMAND --help" explains a command. Exit codes: 0 fine, 1 failure, 2 wrong use, 130 stopped.`)
}

function report(error: unknown, args: readonly string[], terminal: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    const command = commands.find(({ name }) => args.includes(name))?.name
    const message = error.code === 'commander.help' ? 'the name of a command is missing' : error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    terminal.fail('argument', `${message}; see "toll ${command ? `${command} ` : ''}--help"`)
    return 2
  }
  if (terminal.outputClosed || isBrokenPipe(error)) return 0
  const code = error instanceof TollError ? error.code : 'internal'
  if (code === 'aborted' && terminal.signal.aborted) {
    terminal.fail('aborted', messageOf(error))
    return terminal.signalCode
  }
  terminal.fail(code, code === 'internal' && !(error instanceof TollError) ? `internal: ${messageOf(error)}` : messageOf(error), error)
  return code === 'argument' ? 2 : 1
}

/** The reader of our output has seen enough (`| head`): no failure. */
function isBrokenPipe(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'EPIPE') || isBrokenPipe(error.cause)
}
