# `make bench`: figures beside their floors, one line a case; never part of `make test`.
# README.md has its options: BENCH, BENCH_FOLDER, BENCH_SEEDS, KAFKA_CASES, CASES.
BENCHES := codec shard rebuild sim kafka saga
BENCH ?= $(BENCHES)
BENCH_FOLDER ?=
BENCH_SEEDS ?= 300

$(call archive,bench,$(addprefix test/bench/,bench.c traffic.c lived.c floor.c floor_record.c))
$(call test_program,test/bench/codec,test/bench/codec.c,libevents,$(EVT_LIBS))
$(foreach b,shard rebuild,$(call test_program,test/bench/$(b),test/bench/$(b).c,\
	bench svc-product events libevents,$(EVT_LIBS)))

# What those that need a broker share. The load is no better than its clients: jemalloc for them, too.
bench_kafka := $(patsubst %,test/bench/kafka_%.c,client outside pick process topics usage)
$(call archive,bench-kafka,$(bench_kafka) test/bench/bench.c)
$(call test_program,test/bench/kafka,\
	$(filter-out $(bench_kafka),$(sort $(wildcard test/bench/kafka*.c))),\
	bench-kafka svc-product events libevents,$(RUN_LIBS))
$(call test_program,test/bench/saga,$(sort $(wildcard test/bench/saga*.c)),\
	bench-kafka events libevents,$(RUN_LIBS))

bench_unknown := $(filter-out $(BENCHES),$(BENCH))
bench_built := $(addprefix $(BUILD)/,$(patsubst %,test/bench/%,$(filter-out sim,$(BENCH))) \
	$(filter sim,$(BENCH)) $(if $(filter kafka saga,$(BENCH)),svc-product) \
	$(if $(filter saga,$(BENCH)),svc-order svc-payment svc-notify))

# One after the other, whatever JOBS says: they measure time.
.PHONY: bench
bench: $(if $(bench_unknown),,$(bench_built))
	$(if $(bench_unknown),$(error BENCH=$(bench_unknown): there are only $(BENCHES)))
	$(Q)test/bench/run $(BUILD) '$(BENCH_FOLDER)' $(BENCH_SEEDS) $(BENCH)
