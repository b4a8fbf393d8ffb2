// The documentation runs: every `toll` line of a sh block, in order, in a folder that holds docs/, and every ts block
// as a program. Lines of npm are run by the continuous integration script; here they only have to name scripts that
// exist.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

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

function blocks(page: string, language: string): string[] {
  return [
    ...readFileSync(join(root, page), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms')),
  ].map(([, body]) => body)
}

/** Long commands have a test of their own. */
const testedElsewhere = /^npm run paper -- (demo|table\d|figure\d|pyod|auto)\b(?!.*--(dry-run|render-only))/

describe.each(pages)('%s', (page) => {
  const lines = blocks(page, 'sh')
    .flatMap((body) => body.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')

  it('shows commands that run', () => {
    for (const line of lines) {
      if (testedElsewhere.test(line)) continue
      if (/^(npm(?! run paper)|git|cd|ONNXRUNTIME_NODE_INSTALL=skip npm) /.test(line)) {
        for (const [, script] of line.matchAll(/npm (?:run )?(start|test|bench|parity|profile|lint|build|toll)\b/g))
          expect(scripts).toHaveProperty(script)
        continue
      }
      const command = line
        .replaceAll(/(^|\| )toll /g, `$1"${process.execPath}" "${join(root, 'packages', 'cli', 'bin', 'toll.js')}" `)
        .replace(/^npm run paper --/, `"${process.execPath}" "${join(root, 'paper', 'dist', 'main.js')}"`)
      const { status, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${command}`], {
        cwd: scratch,
        encoding: 'utf8',
      })
      expect({ line, status, stderr: status === 0 ? '' : stderr }).toEqual({ line, status: 0, stderr: '' })
    }
  })

  it('shows programs that run', () => {
    blocks(page, 'ts').forEach((body, i) => {
      // Inside the package, so that `toll` resolves to itself.
      const file = join(dist, `docs-${page.replaceAll(/\W/g, '-')}-${i}.mjs`)
      writeFileSync(file, body)
      const { status, stderr, stdout } = spawnSync(process.execPath, [file], { cwd: scratch, encoding: 'utf8' })
      rmSync(file)
      expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' })
      expect(stdout).not.toBe('')
    })
  })
})
