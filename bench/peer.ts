// PyTorch on the same machine: a child process that times the same networks when asked. Absent where no python3 has torch.

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TollError } from 'toll/base'

export interface PeerRequest {
  readonly network: string
  readonly batch: number
  readonly mode: 'train' | 'score'
  readonly threads: number
  readonly repeat: number
}

export interface Peer {
  readonly version: string
  /** Seconds of every repetition. */
  time(request: PeerRequest): Promise<number[]>
  close(): void
}

const script = fileURLToPath(new URL('../torch_peer.py', import.meta.url))

/** The first python3 that has torch, on the PATH or where Debian puts it. */
export async function openPeer(): Promise<Peer | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  const python = [...new Set(folders.map((folder) => join(folder, 'python3')))]
    .find((candidate) => spawnSync(candidate, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0)
  if (!python) return undefined
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] }) as unknown as ChildProcessWithoutNullStreams
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next()
    if (done) throw new TollError('io', `${python} ended before it answered; run ${script} by hand to see why`)
    return JSON.parse(value) as Record<string, unknown>
  }
  const { torch } = await next()
  return {
    version: String(torch),
    async time(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return (await next()).seconds as number[]
    },
    close: () => void child.kill(),
  }
}
