# psp: a payment provider's stand-in. All but main.c is an archive, which tests drive.
$(call archive,psp,$(filter-out compose/psp/main.c,$(wildcard compose/psp/*.c)))
$(call program,psp,compose/psp/main.c,psp libevents,$(EVT_LIBS))
install_programs += psp
# The program itself; its parts are tested by test/unit/check_psp*.c.
$(call test,unit,psp,BUILD=$(BUILD) test/unit/psp,$(BUILD)/psp)
