# Other implementations of Avro read what we write, and the reverse: npm avsc and Debian's python3-avro.
$(call test_program,contract-codec,test/contract/codec.c,events-contract libevents,$(EVT_LIBS))

$(call test_program,test/contract/check_types,test/contract/check_types.c,\
	testlib events-contract libevents,$(TEST_LIBS))
$(call test,contract,types,$(BUILD)/test/contract/check_types,$(BUILD)/test/contract/check_types)

AVSC := $(BUILD)/node/.stamp
$(AVSC): test/contract/package.json test/contract/package-lock.json test/contract/.npmrc
	$(call say,NPM,$(@D))
	$(Q)mkdir -p $(@D) && cp $^ $(@D) && cd $(@D) && npm ci --silent
	@touch $@

# What an edge's description says against what the edge does.
openapi_product := $(addprefix $(BUILD)/test/,service/check_product_api unit/check_edge_peers)
openapi_order := $(addprefix $(BUILD)/test/,service/check_order_api service/check_order_peers)
$(call test,contract,openapi-product,node test/contract/openapi.mjs $(BUILD)/node $(BUILD)/svc-product \
	svc-product/openapi.yaml $(openapi_product),$(BUILD)/svc-product $(openapi_product) $(AVSC))
$(call test,contract,openapi-order,node test/contract/openapi.mjs $(BUILD)/node $(BUILD)/svc-order \
	svc-order/openapi.yaml $(openapi_order),$(BUILD)/svc-order $(openapi_order) $(AVSC))
$(call test,contract,drawing,test/contract/drawing.py $(BUILD)/svc-order svc-order/README.md,$(BUILD)/svc-order)
$(call test,contract,golden,test/contract/golden.py $(BUILD)/contract-codec $(BUILD)/node,\
	$(BUILD)/contract-codec $(AVSC))
$(call test,contract,golden-says,test/contract/golden_says.py $(BUILD)/contract-codec $(BUILD)/node,\
	$(BUILD)/contract-codec $(AVSC))
$(call test,contract,compat,test/contract/compat.py $(BUILD)/evt-gen $(BUILD)/node,$(BUILD)/evt-gen $(AVSC))
