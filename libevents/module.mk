# libevents.a, and the few files of it that the schema compiler is made from.
# What a program of libevents links with.
EVT_LIBS := -lrdkafka -lmicrohttpd -lcurl -lavro -ljansson -lsqlite3 -lpthread
# What a program that runs for long adds: jemalloc halves the time of a producer's small objects. It
# stays out of sanitizer and valgrind builds.
RUN_LIBS := $(if $(SAN),,-ljemalloc) $(EVT_LIBS)
base_sources := $(addprefix libevents/src/,err.c mem.c arena.c buf.c hash.c utf8.c)
bootstrap += $(base_sources)
$(call archive,libevents-base,$(base_sources))
$(call archive,libevents,$(wildcard libevents/src/*.c))
all_targets += $(BUILD)/libevents.a

# $(call migrations,name,files): $(BUILD)/gen/sql/name.c holds name_sql, for `.migrations`.
define migrations_rule
$(BUILD)/gen/sql/$(1).c: libevents/embed-sql $(2)
	$$(call say,SQL,$$@)
	$$(Q)mkdir -p $$(@D) && libevents/embed-sql $(1) $(2) >$$@
endef
migrations = $(eval $(call migrations_rule,$(1),$(2)))
