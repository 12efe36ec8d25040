# Rounds of load under kills: services and a broker on real Kafka, broken at random moments.
$(call test_program,crash-load,$(wildcard test/crash/*.c),events libevents,$(EVT_LIBS))

crash_needs := $(BUILD)/evt $(BUILD)/svc-product $(BUILD)/next-product $(BUILD)/crash-load
# Among the choices of these four rounds is each kind of fault.
$(call test,crash,rounds,BUILD=$(BUILD) test/crash/run --rounds 4 --seed 5560,$(crash_needs))
# What ends by itself ends a round.
$(call test,crash,watched,BUILD=$(BUILD) test/crash/watched,$(crash_needs))

# make crash ROUNDS=n; SEED=n makes the choices of such rounds again. Two makes, as for test.
ROUNDS ?= 20
.PHONY: crash crash-now
crash:
	@CC='$(CC)' ./deps.sh install build test broker kafka
	+$(Q)$(MAKE) --no-print-directory crash-now
crash-now: $(crash_needs)
	$(Q)BUILD=$(BUILD) test/crash/run --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))
