# Tests on real Kafka: real processes, a broker by compose/kafka/kafka, clients that are not ours.
$(call test_program,partitions,test/kafka/partitions.c,libevents-base)
# A later generation of svc-product, for deploys.
$(call test_program,next-product,test/kafka/next.c test/kafka/next_product.c,svc-product events libevents,$(EVT_LIBS))

# evt, as built with a later one's declaration.
$(call test_program,next-evt,test/kafka/next_evt.c libevents/cli/main.c,cli events libevents,\
	-Xlinker --wrap=evt_registry_declaration $(EVT_LIBS))

KAFKA_NODE := $(BUILD)/node-kafka/.stamp
$(KAFKA_NODE): test/kafka/package.json test/kafka/package-lock.json test/kafka/.npmrc
	$(call say,NPM,$(@D))
	$(Q)mkdir -p $(@D) && cp $^ $(@D) && cd $(@D) && npm ci --silent
	@touch $@

kafka_needs := $(addprefix $(BUILD)/,$(install_programs)) $(BUILD)/partitions \
	$(BUILD)/next-product $(BUILD)/next-evt $(KAFKA_NODE)
kafka_tests := $(patsubst test/kafka/%.py,%,$(sort $(wildcard test/kafka/t[0-9]*.py)))
$(foreach t,$(kafka_tests),\
	$(call test,kafka,$(t),BUILD=$(BUILD) test/kafka/run test/kafka/$(t).py,$(kafka_needs)))
