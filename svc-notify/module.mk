# svc-notify: handlers, pure domain and the mail's side as an archive, which tests drive, and main.c.
$(call migrations,notify,$(sort $(wildcard svc-notify/sql/*.sql)))
$(call archive,svc-notify,$(filter-out svc-notify/main.c,$(wildcard svc-notify/*.c)) \
	$(BUILD)/gen/sql/notify.c)
$(call program,svc-notify,svc-notify/main.c,svc-notify events libevents,$(RUN_LIBS))
install_programs += svc-notify
