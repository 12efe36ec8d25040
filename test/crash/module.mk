# Rounds of load under kills: services and a broker on real Kafka, broken at random moments.
crash_next := test/crash/next_payment.c test/crash/next_notify.c
$(call test_program,crash-load,$(filter-out $(crash_next),$(wildcard test/crash/*.c)),events libevents,$(EVT_LIBS))
# Later generations for deploys, as next-product and next-order are.
$(call test_program,next-payment,test/crash/next_payment.c test/kafka/next.c,svc-payment events libevents,$(EVT_LIBS))
$(call test_program,next-notify,test/crash/next_notify.c test/kafka/next.c,svc-notify events libevents,$(EVT_LIBS))

crash_needs := $(addprefix $(BUILD)/,$(install_programs) crash-load next-product next-order next-payment next-notify)
# Among the choices of these rounds, two of each kind, is each kind of fault.
$(call test,crash,rounds,BUILD=$(BUILD) test/crash/run --rounds 4 --seed 788176,$(crash_needs))
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
