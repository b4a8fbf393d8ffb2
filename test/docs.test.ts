// The documentation runs: every `toll` line of a sh block, in order, in a folder that holds docs/, and every ts block
// as a program. Lines of npm are run by the continuous integration script; here they only have to name scripts that
// exist.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { commandInProcess } from './spawn.js'

const dist = dirname(fileURLToPath(import.meta.url))
const root = join(dist, '..', '..')
const scratch = mkdtempSync(join(tmpdir(), 'toll-docs-'))
for (const folder of ['docs', join('paper', 'results')])
  cpSync(join(root, folder), join(scratch, folder), { recursive: true })
afterAll(() => rmSync(scratch, { recursive: true }))

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** How a user of the library compiles, at its strictest. */
const strict: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
}

function blocks(page: string, language: string): string[] {
  return [
    ...readFileSync(join(root, page), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms')),
  ].map(([, body]) => body)
}

/** What the pages call, inside this process where the line has no other words of the shell. */
const commands = Object.entries({
  toll: { pattern: /^(?:npx )?toll /, file: join(root, 'packages', 'cli', 'bin', 'toll.js') },
  paper: { pattern: /^npm run paper -- /, file: join(root, 'paper', 'dist', 'main.js') },
})
const { runToll } = (await import(join(root, 'packages', 'cli', 'dist', 'toll.js'))) as {
  runToll: (args: readonly string[]) => Promise<number>
}
const inProcess = commandInProcess(runToll)

async function runLine(line: string): Promise<{ readonly code: number | string | null; readonly err: string }> {
  const words = /^(?:npx )?toll /.test(line) ? wordsOf(line.replace(/^(?:npx )?toll /, '')) : undefined
  if (words) return inProcess(words, { cwd: scratch })
  const command = commands.reduce(
    (text, [, { pattern, file }]) =>
      text
        .split(' | ')
        .map((part) => part.replace(pattern, `"${process.execPath}" "${file}" `))
        .join(' | '),
    line,
  )
  const { status, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${command}`], {
    cwd: scratch,
    encoding: 'utf8',
  })
  return { code: status, err: stderr }
}

/** The words of a line, quotes taken off; undefined where only a shell can tell. */
function wordsOf(line: string): string[] | undefined {
  const parts = [...line.matchAll(/'([^']*)'|"([^"$`\\]*)"|([^\s'"|<>&;$*?`\\]+)|(\s+)|(.)/g)]
  if (parts.some(([, , , , , other]) => other !== undefined)) return undefined
  const words: string[] = []
  let open = false
  for (const [, single, double, bare, space] of parts) {
    if (space !== undefined) open = false
    else {
      const text = single ?? double ?? bare
      if (open) words[words.length - 1] += text
      else words.push(text)
      open = true
    }
  }
  return words
}

/** Long commands have a test of their own. */
const testedElsewhere = /^npm run paper -- (demo|table\d|figure\d|pyod|auto)\b(?!.*--(dry-run|render-only))/

/** Every program of the pages. */
const programs = pages.flatMap((page) =>
  blocks(page, 'ts').map((body, i) => ({ page, body, name: `docs-${page.replaceAll(/\W/g, '-')}-${i}` })),
)

describe.each(pages)('%s', (page) => {
  const lines = blocks(page, 'sh')
    .flatMap((body) => body.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')

  it('shows commands that run', async () => {
    for (const line of lines) {
      if (testedElsewhere.test(line)) continue
      if (/^(npm(?! run paper)|git|cd|ONNXRUNTIME_NODE_INSTALL=skip npm) /.test(line)) {
        for (const [, script] of line.matchAll(/npm (?:run )?(start|test|bench|parity|profile|lint|build|toll)\b/g))
          expect(scripts).toHaveProperty(script)
        continue
      }
      const { code, err } = await runLine(line)
      expect({ line, code, err: code === 0 ? '' : err }).toEqual({ line, code: 0, err: '' })
    }
  })

  it('shows programs that run', () => {
    for (const { name, body } of programs.filter((program) => program.page === page)) {
      // Inside the package, so that `toll` resolves to itself.
      const file = join(dist, `${name}.mjs`)
      writeFileSync(
        file,
        ts.transpileModule(body, { compilerOptions: { ...strict, noEmit: false }, fileName: `${name}.mts` }).outputText,
      )
      const { status, stderr, stdout } = spawnSync(process.execPath, [file], { cwd: scratch, encoding: 'utf8' })
      rmSync(file)
      expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' })
      expect(stdout).not.toBe('')
    }
  })
})

it('shows programs that compile under strict, with the types that are published', () => {
  const folder = join(dist, 'docs-programs')
  mkdirSync(folder)
  try {
    const files = programs.map(({ name, body }) => {
      const file = join(folder, `${name}.mts`)
      writeFileSync(file, body)
      return file
    })
    const problems = ts.getPreEmitDiagnostics(ts.createProgram(files, strict)).map(({ file, start, messageText }) => ({
      where: file && `${file.fileName.split('/').at(-1)}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}`,
      problem: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }))
    expect(problems).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
