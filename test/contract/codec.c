/* contract-codec: our codec as a filter, so that scripts can hold it against others'.
 *
 *     list                        every type with the ids of its versions
 *     encode TYPE JSON            the framed bytes in hexadecimal
 *     decode TYPE HEX             the JSON
 *     init TYPE                   the JSON of a message with nothing set
 *
 * One request a line on stdin, one line of answer each: the result, or "! " and the error's words.
 * `list` answers with a line per type and an empty one. */
#include <evt/codec.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_types(void)
{
    for (size_t i = 0; i < evt_registry.types_n; i++) {
        const struct evt_type *type = evt_registry.types[i];
        printf("%s", type->name);
        for (size_t j = 0; j < type->schemas_n; j++)
            printf(" %" PRIu32, type->schemas[j].id);
        putchar('\n');
    }
}

static bool from_hex(const char *hex, struct evt_buf *ret_bytes)
{
    char digits[3] = {0}, *end = digits + 2;
    for (; *hex && end == digits + 2; hex += strlen(digits)) {
        memcpy(digits, hex, hex[1] ? 2 : 1);
        evt_buf_add_byte(ret_bytes, (uint8_t)strtoul(digits, &end, 16));
    }
    return end == digits + 2;
}

static enum evt_err encode(const struct evt_type *type, const char *json, struct evt_arena *arena,
                           struct evt_error *err)
{
    struct evt_buf bytes = {0};
    void *msg = evt_arena_alloc(arena, type->size);
    enum evt_err rc = evt_type_parse(type, json, strlen(json), arena, msg, err);
    if (!rc)
        rc = evt_type_encode(type, msg, &bytes, err);
    for (size_t i = 0; !rc && i < bytes.len; i++)
        printf("%02x", bytes.data[i]);
    evt_buf_release(&bytes);
    return rc;
}

static void print(const struct evt_type *type, const void *msg)
{
    struct evt_buf json = {0};
    evt_type_print(type, msg, &json);
    fputs(evt_buf_text(&json), stdout);
    evt_buf_release(&json);
}

static enum evt_err decode(const struct evt_type *type, const char *hex, struct evt_arena *arena,
                           struct evt_error *err)
{
    struct evt_buf bytes = {0};
    void *msg = evt_arena_alloc(arena, type->size);
    enum evt_err rc = EVT_OK;
    if (!from_hex(hex, &bytes))
        rc = evt_fail(err, EVT_E_USAGE, "not hexadecimal");
    if (!rc)
        rc = evt_type_decode(&evt_registry, type, bytes.data, bytes.len, arena, msg, err);
    if (!rc)
        print(type, msg);
    evt_buf_release(&bytes);
    return rc;
}

static enum evt_err answer(char *line, struct evt_arena *arena, struct evt_error *err)
{
    char *rest = line, *verb = strsep(&rest, " "), *name = strsep(&rest, " ");
    const struct evt_type *type =
        name ? evt_registry_type(&evt_registry, name, strlen(name)) : NULL;
    if (!strcmp(verb, "list")) {
        list_types();
        return EVT_OK;
    }
    if (!type)
        return evt_fail(err, EVT_E_USAGE, "no type");
    if (!strcmp(verb, "encode") && rest)
        return encode(type, rest, arena, err);
    if (!strcmp(verb, "decode") && rest)
        return decode(type, rest, arena, err);
    if (!strcmp(verb, "init")) {
        void *msg = evt_arena_alloc(arena, type->size);
        evt_type_init(type, msg);
        print(type, msg);
        return EVT_OK;
    }
    return evt_fail(err, EVT_E_USAGE, "no such request");
}

int main(void)
{
    struct evt_arena arena = {0};
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0;) {
        struct evt_error err = {0};
        line[len - 1] = line[len - 1] == '\n' ? '\0' : line[len - 1];
        if (answer(line, &arena, &err))
            printf("! %s", err.text);
        putchar('\n');
        fflush(stdout);
        evt_arena_reset(&arena);
    }
    free(line);
    evt_arena_release(&arena);
    return EXIT_SUCCESS;
}
