# SPDX-License-Identifier: PostgreSQL
#
# Objects for tests that are linked with parts of eventsd (unit/ and test/fuzz): those of the
# sidecar go to $(BUILD)/src, those of the test beside.  Whoever includes this has set SRC, BUILD,
# CC, CFLAGS and CPPFLAGS, and a target `all` before it.

base_OBJECTS = base/json base/json_put base/buf base/str base/mem
http_OBJECTS = web/http_parse web/http_chunked web/http_slice
params_OBJECTS = $(http_OBJECTS) web/params web/param_reader web/filter web/uri hub/cursor \
	$(base_OBJECTS)
search_params_OBJECTS = web/search_params web/duration $(params_OBJECTS)

$(BUILD)/src/%.o: $(SRC)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf $(BUILD)

.PHONY: clean
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
