# svc-order: handlers, pure domain and HTTP side as an archive, which tests drive, and main.c.
$(call migrations,order,$(sort $(wildcard svc-order/sql/*.sql)))
$(call archive,svc-order,$(filter-out svc-order/main.c,$(wildcard svc-order/*.c)) \
	$(BUILD)/gen/sql/order.c)
$(call program,svc-order,svc-order/main.c,svc-order events libevents,$(RUN_LIBS))
install_programs += svc-order
