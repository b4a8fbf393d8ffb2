// The log against what happens to files: crashes in the middle of a line, two writers, full disks, logs that were
// joined.

import { appendFile, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TollError } from 'toll'
import { openTrialLog, readTrialLog, type LineFormat, type TrialLogOptions } from './index.js'

interface Line {
  readonly format: 1
  readonly n: number
}

let folder = ''
let path = ''
let count = 0
let warnings: string[] = []
const format: LineFormat<Line> = {
  name: 'line',
  version: 1,
  begins: ['{"format":'],
  read(value) {
    if (typeof (value as Line).n !== 'number') throw new TollError('damaged-file', 'it has no n')
    return value as Line
  },
}
const options: TrialLogOptions<Line> = {
  format,
  warn: (message) => warnings.push(message),
}
const line = (n: number): Line => ({ format: 1, n })
const text = (n: number) => JSON.stringify(line(n))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-log-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  path = join(folder, `log-${count++}.ndjson`)
  warnings = []
})

/** The code of another process that opens the log. */
function opening(): string {
  const door = new URL('./index.js', import.meta.url).href
  return `import { openTrialLog } from ${JSON.stringify(door)}
    const format = { version: 1, begins: ['{"format":'], read: (x) => x }
    const log = await openTrialLog(${JSON.stringify(path)}, { format, warn: console.error })`
}

describe('a trial log', () => {
  it('returns what was appended, in this process and the next, and leaves nothing but the log', async () => {
    const log = await openTrialLog(path, options)
    expect(await log.read()).toEqual([])
    await log.append(line(1))
    await log.append(line(2))
    expect(await log.read()).toEqual([line(1), line(2)])
    await log.close()
    expect(await readFile(path, 'utf8')).toBe(`${text(1)}\n${text(2)}\n`)
    const again = await openTrialLog(path, options)
    await again.append(line(3))
    await again.close()
    expect(await readTrialLog(path, options)).toEqual([line(1), line(2), line(3)])
    expect((await readdir(folder)).filter((name) => path.endsWith(name) || name.startsWith(`${path}.`))).toEqual([
      path.slice(folder.length + 1),
    ])
    expect(warnings).toEqual([])
  })

  it('drops half a line at the end with a warning and keeps the rest', async () => {
    await writeFile(path, `${text(1)}\n${text(2).slice(0, 9)}`)
    const log = await openTrialLog(path, options)
    expect(await log.read()).toEqual([line(1)])
    await log.append(line(3))
    await log.close()
    expect(await readFile(path, 'utf8')).toBe(`${text(1)}\n${text(3)}\n`)
    expect(warnings).toEqual([expect.stringMatching(/half a line of 9 bytes.*dropped/)])
  })

  it('keeps a whole last line that lacks only its end', async () => {
    await writeFile(path, text(1))
    const log = await openTrialLog(path, options)
    await log.append(line(2))
    await log.close()
    expect(await readTrialLog(path, options)).toEqual([line(1), line(2)])
    expect(warnings).toEqual([])
  })

  it('passes over lines that are no records, and finds the record behind half a line of a joined log', async () => {
    const joined = [
      text(1),
      'not json',
      '{"format":1,"m":2}',
      `${text(2).slice(0, 11)}${text(3)}`,
      '',
      `${text(4)}${text(5)}`,
      '',
    ].join('\n')
    await writeFile(path, joined)
    expect(await readTrialLog(path, options)).toEqual([line(1), line(3), line(4), line(5)])
    expect(warnings).toEqual([
      expect.stringMatching(/line 2 is passed over: it is no whole line of JSON/),
      expect.stringMatching(/line 3 is passed over: it has no n/),
      expect.stringMatching(/line 4 is passed over: it is no whole line of JSON/),
    ])
    expect(await readFile(path, 'utf8')).toBe(joined)
  })

  it('passes over lines of a newer version, and says so', async () => {
    await writeFile(path, `${text(1)}\n{"format":2,"n":2}\n`)
    expect(await readTrialLog(path, options)).toEqual([line(1)])
    expect(warnings).toEqual([
      expect.stringMatching(/line 2 is passed over: it is of format 2, this version reads up to 1/),
    ])
  })

  it('finds records of several kinds on one line', async () => {
    await writeFile(path, `${text(1).slice(0, 9)}{"other":1,"n":3}${text(2)}\n`)
    const either = { ...options, format: { ...format, begins: ['{"format":', '{"other":'] } }
    expect((await readTrialLog(path, either)).map(({ n }) => n)).toEqual([3, 2])
  })

  it('names three lines of a file of another kind, and counts the rest', async () => {
    await writeFile(path, 'a,b\n1,2\n'.repeat(50))
    expect(await readTrialLog(path, options)).toEqual([])
    expect(warnings).toHaveLength(4)
    expect(warnings[3]).toBe(`${path}: 97 more lines are passed over`)
  })

  it('refuses a second writer, and takes over from one that died', async () => {
    const log = await openTrialLog(path, options)
    await expect(openTrialLog(path, options)).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
    })
    await log.close()
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    await writeFile(`${path}.lock`, JSON.stringify({ pid, host: hostname() }))
    const next = await openTrialLog(path, options)
    await next.close()
    await writeFile(`${path}.lock`, JSON.stringify({ pid, host: 'elsewhere' }))
    await expect(openTrialLog(path, options)).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining('on elsewhere'),
    })
  })

  it('refuses what is no file, or in no folder, and leaves no lock there', async () => {
    await symlink('/dev/full', path)
    await expect(openTrialLog(path, options)).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining('regular file'),
    })
    await expect(openTrialLog(join(folder, 'none', 'log'), options)).rejects.toMatchObject({ code: 'not-found' })
    await expect(openTrialLog(folder, options)).rejects.toMatchObject({ code: 'io' })
    expect(
      (await readdir(folder)).filter((name) => name.endsWith('.lock') && path.endsWith(name.slice(0, -5))),
    ).toEqual([])
  })

  it.each(['a,b\n1,2\n', 'a,b\n1,2', '{"other":1}\n', '\u0000\u0001'])(
    'refuses a file of another kind and leaves it as it was: %j',
    async (content) => {
      await writeFile(path, content)
      await expect(openTrialLog(path, options)).rejects.toMatchObject({
        code: 'argument',
        message: expect.stringContaining('is no trial log of this kind'),
      })
      expect(await readFile(path, 'utf8')).toBe(content)
      await expect(readFile(`${path}.lock`)).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  it('is one log by whatever link it is opened', async () => {
    const link = `${path}.link`
    await writeFile(path, '')
    await symlink(path, link)
    const log = await openTrialLog(link, options)
    await expect(openTrialLog(path, options)).rejects.toMatchObject({ code: 'argument' })
    await log.close()
  })

  it('is taken over from a dead process by one of many that try', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    for (let round = 0; round < 20; round++) {
      await writeFile(`${path}.lock`, JSON.stringify({ pid, host: hostname(), token: 'dead' }))
      const opened = (await Promise.allSettled(Array.from({ length: 5 }, () => openTrialLog(path, options)))).flatMap(
        (one) => (one.status === 'fulfilled' ? [one.value] : []),
      )
      expect(opened).toHaveLength(1)
      await opened[0].close()
    }
  })

  it('keeps every line that it said was written, when others at the same time do not fit', async () => {
    const code = `${opening()}
      const append = (n) => log.append({ format: 1, n, long: 'x'.repeat(n === 2 ? 5000 : 10) })
      const kept = await Promise.allSettled([1, 2, 3].map(append))
      console.log(kept.map(({ status }) => status).join())
      await log.close()`
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 2; exec "$0" --input-type=module -e "$1"', process.execPath, code],
      { encoding: 'utf8' },
    )
    expect(stdout).toBe('fulfilled,rejected,fulfilled\n')
    expect((await readTrialLog(path, options)).map(({ n }) => n)).toEqual([1, 3])
  })

  it('ends where it ended when a line does not fit on the disk', async () => {
    // A limit on the size of a file stands for the end of a disk: both cut a write in the middle.
    const code = `${opening()}
      await log.append({ format: 1, n: 1 })
      const long = { format: 1, n: 2, long: 'x'.repeat(5000) }
      await log.append(long).catch(({ code, message }) => console.log(code, message))
      await log.append({ format: 1, n: 3 })
      await log.close()`
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 2; exec "$0" --input-type=module -e "$1"', process.execPath, code],
      { encoding: 'utf8' },
    )
    expect(stdout).toMatch(/^io cannot write/)
    expect(await readFile(path, 'utf8')).toBe(`${text(1)}\n${text(3)}\n`)
  })

  it('survives being killed: what was appended is there, the lock does not stay', async () => {
    const code = `${opening()}
      for (let n = 0; n < 5; n++) await log.append({ format: 1, n })
      process.kill(process.pid, 'SIGKILL')`
    spawnSync(process.execPath, ['--input-type=module', '-e', code])
    await appendFile(path, '{"format":1,"n"')
    const log = await openTrialLog(path, options)
    expect((await log.read()).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4])
    await log.close()
  })
})
