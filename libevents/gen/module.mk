# evt-gen, the schema compiler, and what it writes: $(BUILD)/gen from schemas/, and for tests that have
# schemas of their own in addition $(BUILD)/gen-<test>, which is linked instead (events-<test>.a).
gen_sources := $(wildcard libevents/gen/*.c)
bootstrap += $(gen_sources)
$(call program,evt-gen,$(gen_sources),libevents-base,-ljansson -lsodium)
install_programs += evt-gen
$(call test,unit,gen-refusals,test/gen/refusals $(BUILD)/evt-gen,$(BUILD)/evt-gen)
$(call test,unit,gen-written,test/gen/written $(BUILD)/evt-gen,$(BUILD)/evt-gen)

# A folder's time changes when a file in it comes or goes.
schema_files = $(wildcard $(foreach root,$(1),$(root)/. $(root)/topics.json $(root)/schemas.lock \
	$(root)/*/. $(root)/*/*.avsc))
schema_folders = $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard $(addsuffix /*/*.avsc,$(1)))))))
# $(call generated,folder of the build,roots): the names of what is written, without .c and .h
generated = $(addprefix $(BUILD)/$(1)/events/,registry $(call schema_folders,$(2)))
DOCS := docs/events.md

GENERATED_STAMP := $(BUILD)/gen/.stamp
.PHONY: docs-missing
$(GENERATED_STAMP): $(BUILD)/evt-gen $(call schema_files,schemas) $(or $(wildcard $(DOCS)),docs-missing)
	$(call say,GEN,$(@D))
	$(Q)mkdir -p $(@D) && $< --root schemas --docs $(DOCS) --out $(@D)
	@touch $@
# Only what changes is written; the empty recipe lets make look at a file's time again.
$(addsuffix .h,$(call generated,gen,schemas)): $(GENERATED_STAMP) ;

# $(call generate_for,test): test/<test>/schemas on top of schemas/
define generate_for_rule
$(BUILD)/gen-$(1)/.stamp: $(BUILD)/evt-gen $(call schema_files,schemas test/$(1)/schemas)
	$$(call say,GEN,$$(@D))
	$$(Q)mkdir -p $$(@D) && $$< --root schemas --root test/$(1)/schemas --out $$(@D)
	@touch $$@
$(foreach ext,c h,$(addsuffix .$(ext),$(call generated,gen-$(1),schemas test/$(1)/schemas))): \
	$(BUILD)/gen-$(1)/.stamp ;
CPPFLAGS_$(BUILD)/gen-$(1)/events := -I$(BUILD)/gen-$(1)
CPPFLAGS_test/$(1) := -I$(BUILD)/gen-$(1)
$(call object,$(wildcard test/$(1)/*.c)): | $(BUILD)/gen-$(1)/.stamp
endef
test_roots := $(patsubst test/%/schemas/topics.json,%,$(wildcard test/*/schemas/topics.json))
$(foreach t,$(test_roots),$(eval $(call generate_for_rule,$(t))))
$(foreach t,$(test_roots),\
	$(call archive,events-$(t),$(addsuffix .c,$(call generated,gen-$(t),schemas test/$(t)/schemas))))

# Publishes what is new: the locks, and the description for people.
.PHONY: schemas
schemas: $(BUILD)/evt-gen
	$(Q)$< lock --root schemas --docs $(DOCS)
	$(Q)for t in $(test_roots); do $< lock --root schemas --root test/$$t/schemas || exit 1; done
