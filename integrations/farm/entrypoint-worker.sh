#!/bin/sh
# Models are fetched before the first task, into a volume that outlives the container. A worker that cannot fetch them starts
# all the same: the recogniser is built in, and a job that needs another model says so.
set -eu
backbeat models fetch || echo "not all models could be fetched; starting without them" >&2
exec "$@"
