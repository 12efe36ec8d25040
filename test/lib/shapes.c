/* Shapes: the tables, in the order of the schemas below. */
#include "shapes.h"

#include <stdlib.h>
#include <string.h>

#define LINE_JSON                                                                                  \
    "{\"type\":\"record\",\"name\":\"Line\",\"fields\":["                                          \
    "{\"name\":\"sku\",\"type\":\"string\"},"                                                      \
    "{\"name\":\"quantity\",\"type\":\"int\",\"default\":1},"                                      \
    "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null}]}"

static const char all_json[] =
    "{\"type\":\"record\",\"name\":\"All\",\"namespace\":\"shop.shapes.v1\",\"fields\":["
    "{\"name\":\"flag\",\"type\":\"boolean\"},"
    "{\"name\":\"count\",\"type\":\"int\"},"
    "{\"name\":\"total\",\"type\":\"long\"},"
    "{\"name\":\"ratio\",\"type\":\"float\"},"
    "{\"name\":\"share\",\"type\":\"double\"},"
    "{\"name\":\"name\",\"type\":\"string\"},"
    "{\"name\":\"blob\",\"type\":\"bytes\"},"
    "{\"name\":\"stamp\",\"type\":{\"type\":\"fixed\",\"name\":\"Stamp\",\"size\":4}},"
    "{\"name\":\"colour\",\"type\":{\"type\":\"enum\",\"name\":\"Colour\","
    "\"symbols\":[\"RED\",\"GREEN\",\"BLUE\"],\"default\":\"RED\"}},"
    "{\"name\":\"line\",\"type\":" LINE_JSON "},"
    "{\"name\":\"limit\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"remark\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"gift\",\"type\":[\"null\",\"Line\"],\"default\":null},"
    "{\"name\":\"tint\",\"type\":[\"null\",\"Colour\"],\"default\":null},"
    "{\"name\":\"seal\",\"type\":[\"null\",\"Stamp\"],\"default\":null},"
    "{\"name\":\"lines\",\"type\":{\"type\":\"array\",\"items\":\"Line\"},\"default\":[]},"
    "{\"name\":\"numbers\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[7,8]},"
    "{\"name\":\"grid\",\"type\":{\"type\":\"array\",\"items\":"
    "{\"type\":\"array\",\"items\":\"int\"}},\"default\":[]},"
    "{\"name\":\"colours\",\"type\":{\"type\":\"array\",\"items\":\"Colour\"},\"default\":[]},"
    "{\"name\":\"attrs\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"default\":{}},"
    "{\"name\":\"named\",\"type\":{\"type\":\"map\",\"values\":\"Line\"},\"default\":{}},"
    "{\"name\":\"series\",\"type\":{\"type\":\"map\",\"values\":"
    "{\"type\":\"array\",\"items\":\"int\"}},\"default\":{}},"
    "{\"name\":\"codes\",\"type\":[\"null\",{\"type\":\"array\",\"items\":\"string\"}],"
    "\"default\":null},"
    "{\"name\":\"shares\",\"type\":{\"type\":\"array\",\"items\":\"double\"},\"default\":[]}]}";

#define TREE_JSON                                                                                  \
    "{\"type\":\"record\",\"name\":\"Tree\",\"namespace\":\"shop.shapes.v1\",\"fields\":["         \
    "{\"name\":\"name\",\"type\":\"string\"},"                                                     \
    "{\"name\":\"children\",\"type\":{\"type\":\"array\",\"items\":\"Tree\"}}]}"

static const char tree_json[] = TREE_JSON;
static const char forest_json[] =
    "{\"type\":\"record\",\"name\":\"Forest\",\"namespace\":\"shop.shapes.v1\",\"fields\":["
    "{\"name\":\"tree\",\"type\":" TREE_JSON "}]}";

static const char *const colour_symbols[] = {"RED", "GREEN", "BLUE"};
static const struct evt_symbols colours = {"shop.shapes.v1.Colour", colour_symbols, 3,
                                           SHAPES_COLOUR_RED};

static const struct evt_value boolean_value = {.shape = EVT_SHAPE_BOOLEAN, .size = sizeof(bool)};
static const struct evt_value int_value = {.shape = EVT_SHAPE_INT, .size = sizeof(int32_t)};
static const struct evt_value long_value = {.shape = EVT_SHAPE_LONG, .size = sizeof(int64_t)};
static const struct evt_value float_value = {.shape = EVT_SHAPE_FLOAT, .size = sizeof(float)};
static const struct evt_value double_value = {.shape = EVT_SHAPE_DOUBLE, .size = sizeof(double)};
static const struct evt_value string_value = {.shape = EVT_SHAPE_STRING,
                                              .size = sizeof(const char *)};
static const struct evt_value bytes_value = {.shape = EVT_SHAPE_BYTES,
                                             .size = sizeof(struct evt_bytes)};
static const struct evt_value stamp_value = {.shape = EVT_SHAPE_FIXED,
                                             .size = sizeof(struct evt_bytes),
                                             .fixed_len = 4};
static const struct evt_value colour_value = {.shape = EVT_SHAPE_ENUM,
                                              .size = sizeof(enum shapes_colour),
                                              .symbols = &colours};
static const struct evt_value line_value = {.shape = EVT_SHAPE_RECORD,
                                            .size = sizeof(struct shapes_line),
                                            .record = &shapes_line_fields};
static const struct evt_value tree_value = {.shape = EVT_SHAPE_RECORD,
                                            .size = sizeof(struct shapes_tree),
                                            .record = &shapes_tree_fields};

#define ARRAY_OF(of, type)                                                                         \
    {                                                                                              \
        .shape = EVT_SHAPE_ARRAY, .size = sizeof(void *), .item = &(of), .item_size = sizeof(type) \
    }
#define MAP_OF(of, type)                                                                           \
    {                                                                                              \
        .shape = EVT_SHAPE_MAP, .size = sizeof(void *), .item = &(of), .item_size = sizeof(type),  \
        .item_offset = offsetof(type, value)                                                       \
    }
static const struct evt_value lines_value = ARRAY_OF(line_value, struct shapes_line);
static const struct evt_value longs_value = ARRAY_OF(long_value, int64_t);
static const struct evt_value ints_value = ARRAY_OF(int_value, int32_t);
static const struct evt_value grid_value = ARRAY_OF(ints_value, struct shapes_numbers);
static const struct evt_value colours_value = ARRAY_OF(colour_value, enum shapes_colour);
static const struct evt_value doubles_value = ARRAY_OF(double_value, double);
static const struct evt_value strings_value = ARRAY_OF(string_value, const char *);
static const struct evt_value trees_value = ARRAY_OF(tree_value, struct shapes_tree);
static const struct evt_value attrs_value = MAP_OF(string_value, struct shapes_attr);
static const struct evt_value named_value = MAP_OF(line_value, struct shapes_named_line);
static const struct evt_value series_value = MAP_OF(ints_value, struct shapes_named_numbers);

#define FIELD(of, member, val, ...)                                                                \
    {                                                                                              \
        .name = #member, .value = &(val), .offset = offsetof(struct of, member), __VA_ARGS__       \
    }
#define OPTIONAL(of, member)                                                                       \
    .set_offset = offsetof(struct of, has_##member), .optional = true, .has_default = true
#define COUNTED(of, member) .count_offset = offsetof(struct of, member##_n)

static const struct evt_field line_fields[] = {
    FIELD(shapes_line, sku, string_value, .has_default = false),
    FIELD(shapes_line, quantity, int_value, .has_default = true),
    FIELD(shapes_line, note, string_value, .optional = true, .has_default = true),
};
static const struct shapes_line line_defaults = {.sku = "", .quantity = 1};
const struct evt_fields shapes_line_fields = {
    "shop.shapes.v1.Line", NULL, sizeof(struct shapes_line), &line_defaults, line_fields, 3};

static const char *const name_aliases[] = {"title", "shop.shapes.v1.label", NULL};
static const char *const all_aliases[] = {"shop.old.v1.Everything", NULL};

static const struct evt_field all_fields[] = {
    FIELD(shapes_all, flag, boolean_value, .has_default = false),
    FIELD(shapes_all, count, int_value, .has_default = false),
    FIELD(shapes_all, total, long_value, .has_default = false),
    FIELD(shapes_all, ratio, float_value, .has_default = false),
    FIELD(shapes_all, share, double_value, .has_default = false),
    FIELD(shapes_all, name, string_value, .aliases = name_aliases),
    FIELD(shapes_all, blob, bytes_value, .has_default = false),
    FIELD(shapes_all, stamp, stamp_value, .has_default = false),
    FIELD(shapes_all, colour, colour_value, .has_default = false),
    FIELD(shapes_all, line, line_value, .has_default = false),
    FIELD(shapes_all, limit, long_value, OPTIONAL(shapes_all, limit)),
    FIELD(shapes_all, remark, string_value, .optional = true, .has_default = true),
    FIELD(shapes_all, gift, line_value, OPTIONAL(shapes_all, gift)),
    FIELD(shapes_all, tint, colour_value, OPTIONAL(shapes_all, tint)),
    FIELD(shapes_all, seal, stamp_value, OPTIONAL(shapes_all, seal)),
    FIELD(shapes_all, lines, lines_value, COUNTED(shapes_all, lines), .has_default = true),
    FIELD(shapes_all, numbers, longs_value, COUNTED(shapes_all, numbers), .has_default = true),
    FIELD(shapes_all, grid, grid_value, COUNTED(shapes_all, grid), .has_default = true),
    FIELD(shapes_all, colours, colours_value, COUNTED(shapes_all, colours), .has_default = true),
    FIELD(shapes_all, attrs, attrs_value, COUNTED(shapes_all, attrs), .has_default = true),
    FIELD(shapes_all, named, named_value, COUNTED(shapes_all, named), .has_default = true),
    FIELD(shapes_all, series, series_value, COUNTED(shapes_all, series), .has_default = true),
    FIELD(shapes_all, codes, strings_value, COUNTED(shapes_all, codes),
          OPTIONAL(shapes_all, codes)),
    FIELD(shapes_all, shares, doubles_value, COUNTED(shapes_all, shares), .has_default = true),
};
static int64_t numbers_default[] = {7, 8};
static const struct shapes_all all_defaults = {
    .name = "",
    .line = {.sku = "", .quantity = 1},
    .gift = {.sku = "", .quantity = 1},
    .numbers = numbers_default,
    .numbers_n = 2,
};
const struct evt_fields shapes_all_fields = {
    "shop.shapes.v1.All", all_aliases, sizeof(struct shapes_all),
    &all_defaults,        all_fields,  sizeof(all_fields) / sizeof(all_fields[0])};

static const struct evt_field tree_fields[] = {
    FIELD(shapes_tree, name, string_value, .has_default = false),
    FIELD(shapes_tree, children, trees_value, COUNTED(shapes_tree, children)),
};
static const struct shapes_tree tree_defaults = {.name = ""};
const struct evt_fields shapes_tree_fields = {
    "shop.shapes.v1.Tree", NULL, sizeof(struct shapes_tree), &tree_defaults, tree_fields, 2};

static const struct evt_field forest_fields[] = {
    FIELD(shapes_forest, tree, tree_value, .has_default = false),
};
static const struct shapes_forest forest_defaults = {.tree = {.name = ""}};
static const struct evt_fields shapes_forest_fields = {
    "shop.shapes.v1.Forest", NULL,          sizeof(struct shapes_forest),
    &forest_defaults,        forest_fields, 1};

static const struct shapes_none none_defaults;
const struct evt_fields shapes_none_fields = {
    "shop.shapes.v1.None", NULL, sizeof(struct shapes_none), &none_defaults, NULL, 0};

static const struct evt_schema all_schemas[] = {
    {SHAPES_ALL_ID, 1, all_json, sizeof(all_json) - 1, ""}};
static const struct evt_schema tree_schemas[] = {
    {SHAPES_TREE_ID, 1, tree_json, sizeof(tree_json) - 1, ""}};

static const struct evt_schema forest_schemas[] = {
    {SHAPES_FOREST_ID, 1, forest_json, sizeof(forest_json) - 1, ""}};

#define TYPE(name_, of, schemas_)                                                                  \
    {                                                                                              \
        .name = "shop.shapes.v1." name_, .symbol = #of, .kind = EVT_KIND_SYSTEM,                   \
        .schemas = (schemas_), .schemas_n = 1, .fields = &of##_fields, .size = sizeof(struct of)   \
    }
const struct evt_type shapes_all_type = TYPE("All", shapes_all, all_schemas);
const struct evt_type shapes_tree_type = TYPE("Tree", shapes_tree, tree_schemas);
const struct evt_type shapes_forest_type = TYPE("Forest", shapes_forest, forest_schemas);
const struct evt_type shapes_none_type = TYPE("None", shapes_none, NULL);

static const struct evt_type *const types[] = {&shapes_all_type, &shapes_forest_type,
                                               &shapes_tree_type};
static const struct evt_schema_ref refs[] = {{SHAPES_ALL_ID, &shapes_all_type, all_schemas},
                                             {SHAPES_TREE_ID, &shapes_tree_type, tree_schemas},
                                             {SHAPES_FOREST_ID, &shapes_forest_type,
                                              forest_schemas}};
const struct evt_registry shapes_registry = {.types = types,
                                             .types_n = 3,
                                             .refs = refs,
                                             .refs_n = 3};

struct writer {
    struct writer *next;
    const struct evt_type *type;
    struct evt_schema schema;
    struct evt_schema_ref ref;
    struct evt_registry reg;
};

const struct evt_registry *shapes_written_by(const struct evt_type *type, const char *json)
{
    static struct writer *kept; /* reachable, so that no leak is seen in what must stay */
    struct writer *writer = calloc(1, sizeof(*writer));
    char *copy = strdup(json);

    if (!writer || !copy)
        abort();
    writer->next = kept;
    kept = writer;
    writer->type = type;
    writer->schema =
        (struct evt_schema){.id = SHAPES_WRITTEN_ID, .json = copy, .json_len = strlen(json)};
    writer->ref = (struct evt_schema_ref){SHAPES_WRITTEN_ID, type, &writer->schema};
    writer->reg = (struct evt_registry){.types = &writer->type,
                                        .types_n = 1,
                                        .refs = &writer->ref,
                                        .refs_n = 1};
    return &writer->reg;
}

void shapes_frame(struct evt_buf *buf, uint32_t id)
{
    const uint8_t frame[] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                             (uint8_t)id};

    evt_buf_clear(buf);
    evt_buf_add(buf, frame, sizeof(frame));
}

void shapes_long(struct evt_buf *buf, int64_t number)
{
    uint64_t raw = number < 0 ? ~((uint64_t)number << 1) : (uint64_t)number << 1;

    for (; raw > 0x7f; raw >>= 7)
        evt_buf_add_byte(buf, (uint8_t)(0x80 | (raw & 0x7f)));
    evt_buf_add_byte(buf, (uint8_t)raw);
}

void shapes_text(struct evt_buf *buf, const char *text)
{
    shapes_long(buf, (int64_t)strlen(text));
    evt_buf_add_text(buf, text);
}

void shapes_hex(struct evt_buf *buf, const char *hex)
{
    char pair[3] = "";

    for (; *hex; hex++)
        if (*hex != ' ') {
            pair[0] = *hex++;
            pair[1] = *hex;
            evt_buf_add_byte(buf, (uint8_t)strtoul(pair, NULL, 16));
        }
}
