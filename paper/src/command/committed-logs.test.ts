// The logs that are committed, by the commands that the documentation gives for them: a resumed sweep would run nothing
// again. What a trial is identified by takes its data.

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runPaper } from './paper.harness.js'

const log = (name: string) => fileURLToPath(new URL(`../../results/trials/${name}.ndjson`, import.meta.url))
const reduced = '--steps 260 --batch 64 --validation 500'
const published = 'arrhythmia,cardio,letter,lympho,optdigits,pima,satimage-2,vertebral,vowels'

/** The log, the command, and how many trials it wants. */
const commands: readonly (readonly [log: string, command: string, trials: number])[] = [
  ['mnist', `table1 ${reduced} --seeds 2 --plain`, 40],
  ['mnist', `table4 ${reduced} --seeds 2`, 40],
  ['mnist', `figure4 ${reduced} --classes 2,8 --seeds 1`, 12],
  ['fashion-mnist', `table1 --dataset fashion-mnist ${reduced} --seeds 1`, 10],
  ['cifar-10', 'table2 --validation 1000 --seeds 2', 20],
  ['cifar-10', 'table4 --dataset cifar-10 --validation 1000 --seeds 0-0', 20],
  ['pyod', `pyod --detectors published --datasets ${published}`, 900],
  ['pyod-toll-auto', 'pyod --detectors toll-auto', 120],
  ['auto', 'auto', 120],
  ['auto', 'auto --others --splits 4', 128],
]

const data = process.env.TOLL_DATA
if (!data) console.log('skipped: trials of the committed logs need TOLL_DATA, a folder with all of their data sets')
describe.skipIf(!data)('a committed log', () => {
  it.each(commands)('%s has all trials of %s', async (name, command, trials) => {
    const { code, out, err } = await runPaper([...command.split(' '), '--trials', log(name), '--dry-run', '--json'], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { TOLL_DATA: data! },
    })
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ trials: { total: trials, missing: 0 } })
  })
})
