# The one make of the project. Each folder adds a module.mk; everything that is built goes to $(BUILD).
#   make            everything          make test       install what is missing, build, test
#   make deps       Debian packages     make sim        seeded histories (SEED=n, SEEDS=n FROM=m)
#   make run        the shop, on the stand-in; KAFKA=1: on real Kafka (make reset removes its data)
#   make schemas    renew the lock      make mutants    wrong rules, each must be caught
#   make scenario   ONLY="t2003 t2010": ways in which an order can go, on real Kafka
#   make crash      ROUNDS=n of load on real Kafka while all of it is killed and stopped (SEED=n)
#   make lint       format, tidy        make bench      figures beside their floors
#   make install    PREFIX, DESTDIR     make clean
# Options: CC=clang  SAN=address,undefined  WERROR=1  V=1  JOBS=n  BUILD=folder  TEST_GROUPS="unit sim"
# and TEST_SEEDS=n for make test; config.mk (untracked) may set them.
-include config.mk

BUILD ?= build
PREFIX ?= /usr/local
V ?= 0
WERROR ?= $(if $(CI),1,0)
SAN ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
TEST_GROUPS ?= unit memory service contract sim kafka scenario crash
TEST_SEEDS ?= 3000
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

# Born with := so that += in the modules expands at once (a late expansion sees only the last folder).
all_targets :=      # what `make` builds
install_programs := # of those, what `make install` copies to bin/
all_sources :=      # every .c that an archive or program has; generated ones not
bootstrap :=        # sources of the schema compiler: they cannot wait for what it writes
test_commands :=
test_needs :=

STD := -std=c11 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wvla -Wwrite-strings -Wpointer-arith -Wundef -Wimplicit-fallthrough -fno-common
OPT ?= -O2 -g
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
# strcpy, sprintf and their like are compile errors everywhere.
INC := -include libevents/banned.h -iquote . -Ilibevents/include -I$(BUILD)/gen
ALL_CFLAGS = $(STD) $(OPT) $(WARN) $(if $(filter 1,$(WERROR)),-Werror) $(SANFLAGS) $(INC) $(CFLAGS)
ALL_LDFLAGS = $(SANFLAGS) $(LDFLAGS)
# Of a folder's own: CPPFLAGS_test/sim := …, which goes before all others.
folder_flags = $(CPPFLAGS_$(patsubst %/,%,$(dir $(1))))
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all
all: everything

# $(call object,sources) names the objects of sources, or of generated files.
object = $(patsubst %.c,$(BUILD)/obj/%.o,$(patsubst $(BUILD)/%,built/%,$(1)))

# $(call archive,name,sources): $(BUILD)/name.a
define archive_rule
$(BUILD)/$(1).a: $(call object,$(2))
	$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && $$(AR) rcs $$@ $$^
all_sources += $(filter-out $(BUILD)/%,$(2))
endef
archive = $(eval $(call archive_rule,$(1),$(2)))

# $(call test_program,name,sources,archives,libraries): $(BUILD)/name. Archives may need each other.
define program_rule
$(BUILD)/$(1): $(call object,$(2)) $(addprefix $(BUILD)/,$(addsuffix .a,$(3)))
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(ALL_LDFLAGS) -o $$@ -Wl,--start-group $$^ -Wl,--end-group $(4)
all_sources += $(filter-out $(BUILD)/%,$(2))
endef
test_program = $(eval $(call program_rule,$(1),$(2),$(3),$(4)))
# $(call program,…), the same, and `make` builds it.
program = $(test_program)$(eval all_targets += $(BUILD)/$(1))

# $(call test,group,name,command,needs): `make test` builds what it needs and runs it by test/run.
define test_rule
ifneq ($(filter $(1),$(TEST_GROUPS)),)
test_commands += '$(1) $(2):$(3)'
test_needs += $(4)
endif
endef
test = $(eval $(call test_rule,$(1),$(2),$(3),$(4)))

MODULES := libevents libevents/gen libevents/cli schemas svc-product svc-order svc-payment svc-notify compose compose/psp test test/contract test/kafka test/scenario test/crash test/sim test/bench
include $(wildcard $(addsuffix /module.mk,$(MODULES)))

# Objects are made again when the compiler or any flag changes.
FLAGS_STAMP := $(BUILD)/.flags
flags_now := $(strip $(CC) $(shell $(CC) -dumpfullversion 2>/dev/null) $(ALL_CFLAGS) $(ALL_LDFLAGS) \
	$(foreach v,$(sort $(filter CPPFLAGS_%,$(.VARIABLES))),$(v)=$($(v))))
ifneq ($(flags_now),$(file <$(FLAGS_STAMP)))
$(shell mkdir -p $(BUILD))
$(file >$(FLAGS_STAMP),$(flags_now))
endif

# What is needed is looked at once in a build folder, so that what is missing is named in words.
DEPS_STAMP := $(BUILD)/.deps
$(DEPS_STAMP): deps.sh
	@CC='$(CC)' ./deps.sh check build
	@touch $@

$(BUILD)/obj/%.o: %.c $(FLAGS_STAMP) | $(DEPS_STAMP)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(call folder_flags,$<) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
# Generated code holds whole files as strings.
$(BUILD)/obj/built/%.o: $(BUILD)/%.c $(FLAGS_STAMP) | $(DEPS_STAMP)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(call folder_flags,$<) $(ALL_CFLAGS) -Wno-overlength-strings \
		-MMD -MP -c -o $@ $<

# Generated headers must be there before anything that may include them is compiled.
$(call object,$(filter-out $(bootstrap),$(sort $(all_sources)))): | $(GENERATED_STAMP)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: everything test test-now deps clean lint lint-now format install
everything: $(all_targets)

# The JVM of a real broker and the second clients only where its tests run.
deps_groups = build test $(if $(filter kafka scenario crash,$(TEST_GROUPS)),broker kafka run)
deps:
	@CC='$(CC)' ./deps.sh install $(deps_groups)

# Two makes: the first may install the compiler that the second asks for its version.
test:
	@CC='$(CC)' ./deps.sh install $(deps_groups)
	+$(Q)$(MAKE) --no-print-directory test-now
test-now: $(test_needs)
	$(Q)test/run $(test_commands)

# Looks at every .c again when it, a header of it or the rules changed, so that lint is quick, too.
tidy := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(sort $(all_sources)))
$(tidy): $(BUILD)/tidy/%.ok: %.c .clang-tidy $(BUILD)/obj/%.o
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D) && clang-tidy --quiet $< -- $(call folder_flags,$<) $(STD) $(WARN) $(INC)
	@touch $@
lint:
	@./deps.sh install build test lint
	+$(Q)CC=$(CC) test/lint $(STD) $(WARN) $(INC); rc=$$?; \
		$(MAKE) --no-print-directory -k lint-now && exit $$rc
lint-now: $(tidy)

format:
	git ls-files -co --exclude-standard -- '*.c' '*.h' | xargs clang-format -i

install: everything
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib include/evt)
	$(Q)install $(addprefix $(BUILD)/,$(install_programs)) $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 644 $(BUILD)/libevents.a $(DESTDIR)$(PREFIX)/lib
	$(Q)install -m 644 $(wildcard libevents/include/evt/*.h) $(DESTDIR)$(PREFIX)/include/evt

clean:
	rm -rf $(BUILD)
