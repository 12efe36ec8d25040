# Unit and service tests: each check_*.c is one Check program; scripts are tested by scripts.
CHECK_LIBS = $(shell pkg-config --libs check)
TEST_LIBS := $(EVT_LIBS) $$(CHECK_LIBS)

$(call archive,testlib,$(wildcard test/lib/*.c))

test_archives := testlib svc-product svc-order svc-payment svc-notify psp cli events libevents

unit_tests := $(patsubst test/unit/%.c,%,$(sort $(wildcard test/unit/check_*.c)))
$(foreach t,$(unit_tests),$(call test_program,test/unit/$(t),test/unit/$(t).c,$(test_archives),$(TEST_LIBS)))
$(foreach t,$(unit_tests),$(call test,unit,$(t:check_%=%),$(BUILD)/test/unit/$(t),$(BUILD)/test/unit/$(t)))
$(call test,unit,scripts,CC=$(CC) test/unit/scripts,)
$(call test,unit,embed-sql,test/unit/embed-sql,libevents/embed-sql)

service_tests := $(patsubst test/service/%.c,%,$(sort $(wildcard test/service/check_*.c)))
$(foreach t,$(service_tests),$(call test_program,test/service/$(t),test/service/$(t).c,$(test_archives),$(TEST_LIBS)))
$(foreach t,$(service_tests),$(call test,service,$(t:check_%=%),$(BUILD)/test/service/$(t),$(BUILD)/test/service/$(t)))

# What handles bytes of others or gives memory back runs under valgrind too; a sanitizer excludes it.
valgrind_tests := $(addprefix check_,arena buf utf8 record envelope guard codec codec_json store)
VALGRIND := CK_FORK=no valgrind -q --leak-check=full --error-exitcode=99
ifeq ($(SAN),)
$(foreach t,$(valgrind_tests),$(call test,memory,$(t:check_%=%),$(VALGRIND) $(BUILD)/test/unit/$(t),$(BUILD)/test/unit/$(t)))
endif
