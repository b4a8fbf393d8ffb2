import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAlive, thisProcess } from './owner.js'
import { takeLock } from './lock.js'

const linux = process.platform === 'linux'
const words = { file: 'x.csv', advice: 'name another file' }
let folder = ''
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-lock-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A number that no process has. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid

describe('a process', () => {
  test('is alive while it runs', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => 0, 1e5)'], { stdio: 'ignore' })
    const owner = { pid: child.pid!, host: hostname() }
    expect([isAlive(thisProcess()), isAlive(owner)]).toEqual([true, true])
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isAlive(owner)).toBe(false)
  })

  test('of another machine cannot be asked, and counts as alive', () => {
    expect(isAlive({ pid: deadPid(), host: 'elsewhere' })).toBe(true)
  })

  test.skipIf(!linux)('that began at another time is another process, whatever its number', () => {
    const { pid, host, start } = thisProcess()
    expect(isAlive({ pid, host, start: `${start!}0` })).toBe(false)
    expect(isAlive({ pid, host })).toBe(false)
    // The parent lives, but did not begin then.
    expect(isAlive({ pid: process.ppid, host })).toBe(true)
    expect(isAlive({ pid: process.ppid, host, start: '0' })).toBe(false)
  })
})

describe('a lock', () => {
  test('is held by one at a time, and says by whom', async () => {
    const release = await takeLock(at('a'), words)
    await expect(takeLock(at('a'), words)).rejects.toMatchObject({
      reason: 'busy',
      message:
        `x.csv is being written by process ${process.pid} on ${hostname()}; wait for it or name another file ` +
        `(if that process is gone, remove ${at('a')})`,
    })
    await release()
    expect(await readdir(folder)).toEqual([])
  })

  test.each<[string, () => object]>([
    ['a dead process', () => ({ pid: deadPid(), host: hostname() })],
    ['our number before a restart', () => ({ ...thisProcess(), start: 'before', token: 'x' })],
  ])('of %s is taken over', async (_, holder) => {
    await writeFile(at('a'), JSON.stringify(holder()))
    const release = await takeLock(at('a'), words)
    expect(JSON.parse(await readFile(at('a'), 'utf8'))).toMatchObject({ pid: process.pid })
    await release()
    expect(await readdir(folder)).toEqual([])
  })

  test('that its process could not fill is taken over when it is old', async () => {
    await writeFile(at('a'), '')
    await expect(takeLock(at('a'), words)).rejects.toMatchObject({ reason: 'busy' })
    const old = Date.now() / 1e3 - 60
    await utimes(at('a'), old, old)
    await (
      await takeLock(at('a'), words)
    )()
    expect(await readdir(folder)).toEqual([])
  })

  test('of a dead process goes to one of many that try', async () => {
    await writeFile(at('a'), JSON.stringify({ pid: deadPid(), host: hostname() }))
    const taken = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(at('a'), words)))
    const winners = taken.filter((result) => result.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    await winners[0].value()
  })
})

describe('a process that is killed', () => {
  const door = JSON.stringify(new URL('./index.js', import.meta.url).href)

  /** Runs a program in a temporary folder of its own until it prints, and kills it if it still runs. */
  async function kill(program: string, temporary: string): Promise<void> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  const hold = `
    import { claim, makeTemporary, openAtomic } from ${door}
    import { writeFile } from 'node:fs/promises'
    const { path } = await makeTemporary()
    await writeFile(path + '/input', 'x')
    await claim('x.csv', { file: 'x.csv', advice: 'wait' })
    const file = await openAtomic(process.env.TMPDIR + '/x.csv')
    await file.handle.writeFile('half')
    setInterval(() => 0, 1000)
    console.log('ready')`

  test('leaves nothing that the next one does not take away', async () => {
    const temporary = at('killed')
    await mkdir(temporary)
    await writeFile(join(temporary, 'toll-mine'), 'not of a process')
    await kill(hold, temporary)
    expect(await readdir(temporary)).toHaveLength(4)
    await kill(
      `
      import { claim, makeTemporary, writeFileAtomic } from ${door}
      const { remove } = await makeTemporary()
      await remove()
      const release = await claim('x.csv', { file: 'x.csv', advice: 'wait' })
      await writeFileAtomic(process.env.TMPDIR + '/x.csv', 'whole')
      await release()
      console.log('ready')`,
      temporary,
    )
    expect((await readdir(temporary)).sort()).toEqual(['toll-mine', 'x.csv'])
    expect(await readFile(join(temporary, 'x.csv'), 'utf8')).toBe('whole')
  })

  test('does not take away what living ones hold', async () => {
    const temporary = at('living')
    await mkdir(temporary)
    const child = spawn(process.execPath, ['--input-type=module', '-e', hold], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(child.stdout, 'data')
      const before = (await readdir(temporary)).sort()
      await kill(
        `
        import { claim, makeTemporary, writeFileAtomic } from ${door}
        await (await makeTemporary()).remove()
        const refused = await claim('x.csv', { file: 'x.csv', advice: 'wait' }).catch((error) => error.reason)
        if (refused !== 'busy') throw new Error('not refused')
        await writeFileAtomic(process.env.TMPDIR + '/x.csv', 'whole')
        console.log('ready')`,
        temporary,
      )
      expect((await readdir(temporary)).sort()).toEqual([...before, 'x.csv'].sort())
    } finally {
      child.kill('SIGKILL')
    }
    expect(existsSync(join(temporary, 'x.csv'))).toBe(true)
  })
})
