# Set by the bench.
export BENCH_HOME=/srv/bench
