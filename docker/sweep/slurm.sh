#!/usr/bin/env bash
# The sweep as an array of Slurm. In this folder:
#
#   sbatch slurm.sh
#   sbatch --array="$(./sweep.sh missing | cut -f1 | paste -sd,)" slurm.sh    # what is not done, once more
#
#SBATCH --job-name=spikebook-sweep
#SBATCH --array=1-200%50
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=00:10:00
#SBATCH --output=slurm-%A_%a.out
set -euo pipefail
cd "$SLURM_SUBMIT_DIR" # Slurm runs a copy of this file, which lies elsewhere
exec ./sweep.sh run "$SLURM_ARRAY_TASK_ID"
