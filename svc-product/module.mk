# svc-product: handlers, pure domain and HTTP side as an archive, which tests drive, and main.c.
$(call migrations,product,$(sort $(wildcard svc-product/sql/*.sql)))
$(call archive,svc-product,$(filter-out svc-product/main.c,$(wildcard svc-product/*.c)) \
	$(BUILD)/gen/sql/product.c)
$(call program,svc-product,svc-product/main.c,svc-product events libevents,$(RUN_LIBS))
install_programs += svc-product
