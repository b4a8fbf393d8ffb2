import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const traced = process.platform === 'linux' && spawnSync('strace', ['--version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'toll-reports-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fitAndScore = `
  const { fit, openEngine, tableFromRows } = await import(${JSON.stringify(new URL('../../index.js', import.meta.url))})
  const rows = Array.from({ length: 100 }, (_, i) => [Math.sin(i), Math.cos(i)])
  const engine = await openEngine({ device: 'cpu', threads: 1 })
  const model = await fit(tableFromRows(rows, ['a', 'b']), { engine, seed: 1, parameters: { steps: 10 } })
  await model.score(tableFromRows([[0, 1]], ['a', 'b']))
  console.log('scored')
`

const inAWorker = `
  const { Worker } = await import('node:worker_threads')
  new Worker(${JSON.stringify(`(async () => {${fitAndScore} await engine.close() })()`)}, { eval: true })
`

/** The library keeps no reports where a variable says that a build server runs it. */
const buildServers = `
  CI TF_BUILD GITHUB_ACTIONS GITLAB_CI CIRCLECI TRAVIS JENKINS_URL CODEBUILD_BUILD_ID BUILDKITE TEAMCITY_VERSION
  APPVEYOR BITBUCKET_BUILD_NUMBER`
const elsewhere = Object.fromEntries(
  buildServers
    .trim()
    .split(/\s+/)
    .map((name) => [name, undefined]),
)

/** What a program asks of the network, and the files of the engine's reports that it opens. */
function attempts(program: string, env: NodeJS.ProcessEnv = {}): string[] {
  const log = join(folder, 'trace')
  const { status, stdout, stderr } = spawnSync(
    'strace',
    ['-f', '-e', 'trace=connect,openat', '-o', log, process.execPath, '--input-type=module', '-e', program],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        ...elsewhere,
        ORT_DISABLE_TELEMETRY: undefined,
        XDG_CACHE_HOME: folder,
        HOME: folder,
        ...env,
      },
    },
  )
  expect([status, stdout, stderr]).toEqual([0, 'scored\n', ''])
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /connect\(|resolv\.conf|onnxruntime\.db/.test(line))
}

describe.skipIf(!traced)('with strace', () => {
  it('nothing asks for the network or keeps a report', () => {
    expect(attempts(`${fitAndScore} await engine.close()`)).toEqual([])
  })

  it('nor in a worker thread of the program', () => {
    expect(attempts(inAWorker)).toEqual([])
  })

  it('a value that the owner sets stands, and shows that the trace would see it', () => {
    for (const program of [`${fitAndScore} await engine.close()`, inAWorker])
      expect(attempts(program, { ORT_DISABLE_TELEMETRY: '0' }).join('\n')).toContain('onnxruntime.db')
  })
})

it.skipIf(traced)('is not traced: strace is not installed', () => {
  expect(traced).toBe(false)
})
