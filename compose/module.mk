# make run: the shop on this machine, until Ctrl-C, on the stand-in; KAFKA=1: on real Kafka, whose data
# stays until make reset.
PORT ?= 8081
KAFKA_PORT ?= 9092
FOLDER ?= build/run

.PHONY: run reset
# Two makes, as for test. The shop itself runs outside of them, so that Ctrl-C ends it in order.
run:
	@CC='$(CC)' ./deps.sh install build run $(if $(filter 1,$(KAFKA)),broker)
	+@$(MAKE) -s --no-print-directory $(addprefix $(BUILD)/,$(install_programs))
	@exec compose/run $(if $(filter 1,$(KAFKA)),--kafka) --port '$(PORT)' --kafka-port '$(KAFKA_PORT)' \
		--folder '$(FOLDER)' --build '$(BUILD)'
reset:
	@exec compose/run --folder '$(FOLDER)' reset
