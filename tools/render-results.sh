#!/usr/bin/env bash
# Makes the tables and pictures under paper/results/ from the trial logs there, and prints their averages; nothing is
# trained. npm run results [-- FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:-paper/results}"
paper() {
  echo "npm run paper -- $*"
  local text
  text="$(node paper/dist/main.js "$@" --quiet --render-only -o "$out")"
  grep -E '^(Average|Without|Paper)' <<< "$text" | sed 's/^/  /' || true
}

reduced=(--steps 260 --batch 64 --validation 500)
mnist=(--trials paper/results/trials/mnist.ndjson "${reduced[@]}")
if [ -f paper/results/trials/mnist.ndjson ]; then
  paper table1 "${mnist[@]}" --seeds 2 --plain
  paper table4 "${mnist[@]}" --seeds 2
  paper figure4 "${mnist[@]}" --classes 2,8 --seeds 1
fi
if [ -f paper/results/trials/fashion-mnist.ndjson ]; then
  fashion=(--dataset fashion-mnist --trials paper/results/trials/fashion-mnist.ndjson "${reduced[@]}")
  paper table1 "${fashion[@]}" --seeds 1 --plain
fi
if [ -f paper/results/trials/cifar-10.ndjson ]; then
  paper table2 --trials paper/results/trials/cifar-10.ndjson --validation 1000 --seeds 2 --plain
  paper table4 --dataset cifar-10 --trials paper/results/trials/cifar-10.ndjson --validation 1000 --seeds 2
fi
# This log is bound to the rows of the data sets, so it takes them to read it. What it lacks would be run.
if [ -f paper/results/trials/pyod.ndjson ] && [ -d "${TOLL_DATA:-/nowhere}/odds" ]; then
  node paper/dist/main.js pyod --detectors published \
    --datasets arrhythmia,cardio,letter,lympho,optdigits,pima,satimage-2,vertebral,vowels \
    --trials paper/results/trials/pyod.ndjson -o "$out" --quiet > /dev/null
fi
if [ -f paper/results/trials/auto.ndjson ]; then
  paper auto --trials paper/results/trials/auto.ndjson
  paper auto --others --trials paper/results/trials/auto.ndjson
fi
