# evt, the command line: one file per verb.
$(call archive,cli,$(filter-out libevents/cli/main.c,$(wildcard libevents/cli/*.c)))
$(call program,evt,libevents/cli/main.c,cli events libevents,$(RUN_LIBS))
install_programs += evt
