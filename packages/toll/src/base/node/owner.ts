// Which process a lock or a temporary file belongs to, so that a later one can tell what a dead process left. A number
// alone does not say it: numbers are used again, and in a container that starts again everybody has the old ones.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process of some machine. */
export interface Owner {
  readonly pid: number
  readonly host: string
  /** When the process began, in the words of the system; absent where the system does not say. */
  readonly start?: string
}

let own: Owner | undefined

/** This process; the same in all of its threads. */
export function thisProcess(): Owner {
  if (own) return own
  const start = startOf('self')
  own = { pid: process.pid, host: hostname(), ...(start !== undefined && { start }) }
  return own
}

/** Processes of other machines cannot be asked and count as alive. */
export function isAlive({ pid, host, start }: Owner): boolean {
  const me = thisProcess()
  if (host !== me.host) return true
  // A number of ours without a start is from before: this process writes its own.
  if (pid === me.pid) return start === me.start
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = start === undefined ? undefined : startOf(pid)
  return now === undefined || now === start
}

/** Linux: the boot, and the process's clock ticks since then (proc_pid_stat(5), field 22). */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    // The second field is the name of the program, in brackets, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, '')
    return `${boot}${Number(fields.trim().split(' ')[19]).toString(36)}`
  } catch {
    return undefined
  }
}

/** This process in the name of a file. */
export function ownerTag(): string {
  const { pid, host, start = '' } = thisProcess()
  return `${pid}-${shorten(host)}-${start}`
}

/** The pattern of tags, without groups. */
export const tagPattern = '\\d+-[0-9a-f]{8}-[0-9a-z]*'

/** Whether a tag is that of a process of this machine which is gone. */
export function isLeftBehind(tag: string): boolean {
  const [pid, host, start] = tag.split('-')
  const me = thisProcess()
  return host === shorten(me.host) && !isAlive({ pid: Number(pid), host: me.host, ...(start !== '' && { start }) })
}

function shorten(host: string): string {
  return createHash('sha256').update(host).digest('hex').slice(0, 8)
}
