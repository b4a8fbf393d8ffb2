#!/usr/bin/env bash
# Makes the tables and pictures under results/ from the trial logs there, and prints their averages; nothing is trained. npm run results [-- FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:-results}"
toll() {
  echo "toll $*"
  local text
  text="$(node dist/cli/main.js "$@" --quiet --render-only -o "$out")"
  grep -E '^(Average|Without|Paper)' <<< "$text" | sed 's/^/  /' || true
}

reduced=(--steps 260 --batch 64 --validation 500)
mnist=(--trials results/trials/mnist.ndjson "${reduced[@]}")
if [ -f results/trials/mnist.ndjson ]; then
  toll reproduce table1 "${mnist[@]}" --seeds 2 --plain
  toll reproduce table4 "${mnist[@]}" --seeds 2
  toll reproduce figure4 "${mnist[@]}" --classes 2,8 --seeds 1
fi
if [ -f results/trials/fashion-mnist.ndjson ]; then
  toll reproduce table1 --dataset fashion-mnist --trials results/trials/fashion-mnist.ndjson "${reduced[@]}" --seeds 1 --plain
fi
if [ -f results/trials/cifar-10.ndjson ]; then
  toll reproduce table2 --trials results/trials/cifar-10.ndjson --validation 1000 --seeds 2 --plain
  toll reproduce table4 --dataset cifar-10 --trials results/trials/cifar-10.ndjson --validation 1000 --seeds 2
fi
# This log is bound to the rows of the data sets, so it takes them to read it. What it lacks would be run.
if [ -f results/trials/pyod.ndjson ] && [ -d "${TOLL_DATA:-/nowhere}/odds" ]; then
  node dist/cli/main.js reproduce pyod --detectors published --datasets arrhythmia,cardio,letter,lympho,optdigits,pima,satimage-2,vertebral,vowels \
    --trials results/trials/pyod.ndjson -o "$out" --quiet > /dev/null
fi
if [ -f results/trials/auto.ndjson ]; then
  toll reproduce auto --trials results/trials/auto.ndjson
  toll reproduce auto --others --trials results/trials/auto.ndjson
fi
