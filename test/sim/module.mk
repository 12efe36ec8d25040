# The simulator: $(BUILD)/sim runs seeded histories through the real core and the real services.
CPPFLAGS_test/sim := -I$(BUILD)/gen-sim
$(call test_program,sim,$(wildcard test/sim/*.c),svc-product svc-order svc-payment svc-notify events-sim libevents,$(EVT_LIBS))
all_targets += $(BUILD)/sim

TEST_SEEDS ?= 3000
$(call test,sim,histories,$(BUILD)/sim --seeds $(TEST_SEEDS) --jobs $(JOBS),$(BUILD)/sim)

$(call test,sim,directed,$(BUILD)/sim --directed all,$(BUILD)/sim)

# make sim SEED=n replays one with a trace; SEEDS=n FROM=m runs n of them from m.
SEEDS ?= 3000
FROM ?= 1
SEED ?=
.PHONY: sim
sim: $(BUILD)/sim
	$(Q)$(BUILD)/sim $(if $(SEED),--seed $(SEED),--seeds $(SEEDS) --from $(FROM) --jobs $(JOBS))

# make mutants: every one of them, or ONLY=name.
ONLY ?=
.PHONY: mutants
mutants:
	$(Q)test/sim/run-mutants --build $(BUILD)/mutants $(ONLY)
