# svc-payment: handlers, pure domain and the provider's side as an archive, which tests drive, and main.c.
$(call migrations,payment,$(sort $(wildcard svc-payment/sql/*.sql)))
$(call archive,svc-payment,$(filter-out svc-payment/main.c,$(wildcard svc-payment/*.c)) \
	$(BUILD)/gen/sql/payment.c)
$(call program,svc-payment,svc-payment/main.c,svc-payment events libevents,$(RUN_LIBS))
install_programs += svc-payment
