// Times whole commands, as a user waits for them: the help, fitting 5000 x 30 with and without settings, scoring a CSV
// of 1,000,000 x 30 with the default network, ten Arrhythmia seeds, and KDD Cup 1999 (10 %), 38 columns of numbers and
// 3 of texts: fitting 60,000 normal connections and scoring all of them, again with and without settings.
// Peak memory is what the operating system counted for the process (GNU time), where /usr/bin/time is there.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { auroc } from 'toll/metrics'
import { formatTable, median } from './table.js'

const main = fileURLToPath(new URL('../../packages/cli/bin/toll.js', import.meta.url))
const paper = fileURLToPath(new URL('../../paper/dist/main.js', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'toll-bench-'))
const rows = Number(process.env.BENCH_ROWS ?? 1_000_000)

interface Measured {
  readonly seconds: number
  /** MiB, or NaN where it cannot be told. */
  readonly peak: number
}

function timed(args: readonly string[], rounds: number, file = main): Measured {
  return inTurn([args], rounds, file)[0]
}

/** Commands in alternation, so that a machine that slows down slows all of them; medians. */
function inTurn(commands: readonly (readonly string[])[], rounds: number, file = main): Measured[] {
  const runs = Array.from({ length: rounds }, () => commands.map((args) => once(args, file)))
  return commands.map((_, i) => ({
    seconds: median(runs.map((round) => round[i].seconds)),
    peak: median(runs.map((round) => round[i].peak)),
  }))
}

function once(args: readonly string[], file: string): Measured {
  const clock = existsSync('/usr/bin/time')
  const started = performance.now()
  const command = clock
    ? ['/usr/bin/time', '-f', '%M', process.execPath, file, ...args]
    : [process.execPath, file, ...args]
  const { status, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: 'utf8', cwd: scratch })
  if (status !== 0) throw new Error(`toll ${args.join(' ')} failed: ${error?.message ?? stderr}`)
  const peak = clock ? Number(stderr.trim().split('\n').at(-1)) / 1024 : NaN
  return { seconds: (performance.now() - started) / 1000, peak }
}

async function makeTables(): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run('select setseed(0.5)')
  const columns = Array.from(
    { length: 30 },
    (_, i) => `round(${i + 1} * sin(i * 0.001 + ${i}) + random() * 3, 4) as c${i}`,
  ).join(', ')
  const copy = (count: number, name: string) =>
    connection.run(`copy (select ${columns} from range(${count}) t(i)) to '${join(scratch, name)}' (header)`)
  await copy(5000, 'train.csv')
  await copy(rows, 'rows.csv')
}

async function aurocOfKdd(): Promise<string> {
  const connection = await (await DuckDBInstance.create()).connect()
  const rows = await (
    await connection.run(`select score, attack from read_csv('${join(scratch, 'kdd.csv')}')`)
  ).getRows()
  return auroc(
    rows.map(([score]) => Number(score)),
    rows.map(([, attack]) => Number(attack)),
  ).toFixed(4)
}

try {
  const table: string[][] = []
  const add = (what: string, { seconds, peak }: Measured, target: string) =>
    table.push([what, `${seconds.toFixed(2)} s`, Number.isNaN(peak) ? '' : `${peak.toFixed(0)} MiB`, target])

  add('toll --help', timed(['--help'], 9), '0.20 s')
  await makeTables()
  const [plain, auto] = inTurn(
    [
      ['fit', 'train.csv', '-o', 'plain.onnx', '--quiet'],
      ['fit', 'train.csv', '-o', 'auto.onnx', '--auto', '--quiet'],
    ],
    3,
  )
  add('toll fit, CSV 5,000 x 30', plain, '')
  add('toll fit --auto, the same', auto, `${(auto.seconds / plain.seconds).toFixed(2)} of toll fit`)
  timed(['fit', 'train.csv', '-o', 'model.onnx', '--steps', '200', '--quiet'], 1)
  add(
    `toll score, CSV ${rows.toLocaleString('en')} x 30 to CSV`,
    timed(['score', 'model.onnx', 'rows.csv', '-o', 'scores.csv', '--quiet'], 3),
    '8.00 s, 1024 MiB',
  )
  if (process.env.TOLL_DATA) {
    const kdd = join(process.env.TOLL_DATA, 'uci', 'kddcup.data_10_percent.gz')
    if (existsSync(kdd)) {
      const names = Array.from({ length: 42 }, (_, i) => `'c${i}'`).join()
      const source =
        `select * exclude c41, c41 <> 'normal.' as attack from read_csv('${kdd.replaceAll("'", "''")}', ` +
        `header = false, names = [${names}])`
      for (const more of [[], ['--auto']]) {
        const fit = timed(
          [
            'fit',
            '--sql',
            `select * exclude attack from (${source}) where not attack limit 60000`,
            '-o',
            'kdd.onnx',
            '--quiet',
            ...more,
          ],
          1,
        )
        const score = timed(['score', 'kdd.onnx', '--sql', source, '--id', 'attack', '-o', 'kdd.csv', '--quiet'], 1)
        add(
          `toll fit${more.map((word) => ` ${word}`).join('')} and score, KDD Cup 1999`,
          { seconds: fit.seconds + score.seconds, peak: Math.max(fit.peak, score.peak) },
          `60.00 s, 2048 MiB; AUROC ${await aurocOfKdd()}, at least 0.95`,
        )
      }
    }
    // One seed where the sizes are small: such a run shows that the benchmark works.
    const [seeds, words] = rows < 1_000_000 ? ['1', 'one seed'] : ['10', 'ten seeds']
    add(
      `npm run paper -- table3, ${words}`,
      timed(['table3', '--splits', '0', '--seeds', seeds, '--quiet'], 1, paper),
      '25.00 s for ten (PyTorch: 62 s)',
    )
  }
  console.log(formatTable(['command', 'time', 'peak memory', 'target'], table))
} finally {
  rmSync(scratch, { recursive: true })
}
