// What commands of other packages share with `toll`: the terminal, options from parameter domains, engines, results in
// files.
export { runProgram, type CommandEntry, type Definition, type ProgramDescription } from './program.js'
export type { ProgressBar, Terminal } from './terminal.js'
export { addOutputOptions, append, examples, kebab, parameterOption } from './parameters.js'
export {
  addEnginesOptions,
  claimFolder,
  showPhases,
  showRendered,
  withEngines,
  writeFolder,
  type EnginesFlags,
} from './experiment.js'
export { readNames } from './names.js'
export { shellWord } from './columns.js'
