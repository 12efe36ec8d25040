# Scenarios: the ways in which an order can go, on real processes and real Kafka.
$(call test_program,next-order,test/scenario/next_order.c test/kafka/next.c,svc-order events libevents,\
	$(EVT_LIBS))

scenario_needs := $(addprefix $(BUILD)/,$(install_programs)) $(BUILD)/next-order
$(call test,scenario,all,BUILD=$(BUILD) test/scenario/run,$(scenario_needs))
# How the runner itself refuses and counts.
$(call test,scenario,runner,BUILD=$(BUILD) test/scenario/runner,$(scenario_needs))

# make scenario ONLY="t2003 t2010"; all without. Two makes, as for test.
.PHONY: scenario scenario-now
scenario:
	@CC='$(CC)' ./deps.sh install build test broker kafka
	+$(Q)$(MAKE) --no-print-directory scenario-now
scenario-now: $(scenario_needs)
	$(Q)BUILD=$(BUILD) test/scenario/run $(ONLY)
