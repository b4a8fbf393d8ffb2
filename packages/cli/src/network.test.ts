// Nothing leaves the machine: the commands, with tables through DuckDB, under a trace of what they ask the system for.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { writeExample } from './spawn.test.suite.js'

const traced = process.platform === 'linux' && spawnSync('strace', ['--version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'toll-network-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a command asks of the network: connections, and the files that name name servers. */
function attempts(...args: string[]): string[] {
  const log = join(folder, 'trace')
  const main = fileURLToPath(new URL('../bin/toll.js', import.meta.url))
  const command = ['-f', '-e', 'trace=connect,sendto,openat', '-o', log, process.execPath, main, ...args]
  const { status, stderr } = spawnSync('strace', command, {
    encoding: 'utf8',
    cwd: folder,
    // Where a build server runs it, the engine keeps no reports of its own accord.
    env: { PATH: process.env.PATH, HOME: folder, XDG_CACHE_HOME: folder },
  })
  expect([args[0], status, stderr.includes('toll:')]).toEqual([args[0], 0, false])
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /connect\(|sendto\(.*sin_addr|resolv\.conf|onnxruntime\.db|\.duckdb_extension/.test(line))
}

describe.skipIf(!traced)('with strace', () => {
  it('fit, score, report and a query ask for nothing beyond the machine', async () => {
    await writeExample(folder)
    expect(attempts('fit', 'example.csv', '--columns', 'a,b,c', '-o', 'm.onnx', '--steps', '20')).toEqual([])
    expect(attempts('score', 'm.onnx', 'example.csv', '-o', 's.parquet')).toEqual([])
    expect(attempts('score', 'm.onnx', '--sql', "select * from 'example.csv'", '-o', 's.csv')).toEqual([])
    expect(attempts('report', 'm.onnx', 'example.csv', '-o', 'r.html', '--evaluations', '50')).toEqual([])
  })
})

it.skipIf(traced)('is not traced: strace is not installed', () => {
  expect(traced).toBe(false)
})
