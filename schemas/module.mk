# The types that the schema compiler writes, one pair of files per folder here: events.a
event_sources := $(patsubst schemas/%/,$(BUILD)/gen/events/%.c,$(sort $(dir $(wildcard schemas/*/*.avsc)))) \
	$(BUILD)/gen/events/registry.c
$(call archive,events,$(event_sources))
$(event_sources): $(GENERATED_STAMP) ;
all_targets += $(BUILD)/events.a
