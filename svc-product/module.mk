# svc-product: handlers and pure domain; main.c comes with the service's process.
$(call migrations,product,$(sort $(wildcard svc-product/sql/*.sql)))
$(call archive,svc-product,$(wildcard svc-product/*.c) $(BUILD)/gen/sql/product.c)
