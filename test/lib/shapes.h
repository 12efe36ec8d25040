/* Shapes: a message that holds every type of value, and one that holds itself, with tables as the
 * schema compiler would write them. So the codec is tested without the compiler. */
#ifndef TEST_SHAPES_H
#define TEST_SHAPES_H

#include <evt/buf.h>
#include <evt/codec.h>

enum shapes_colour { SHAPES_COLOUR_RED, SHAPES_COLOUR_GREEN, SHAPES_COLOUR_BLUE };

struct shapes_line {
    const char *sku;
    int32_t quantity;
    const char *note; /* optional */
};

struct shapes_numbers { /* an array within an array */
    int32_t *items;
    size_t items_n;
};

struct shapes_attr {
    const char *key;
    const char *value;
};

struct shapes_named_line {
    const char *key;
    struct shapes_line value;
};

struct shapes_named_numbers {
    const char *key;
    struct shapes_numbers value;
};

struct shapes_tree {
    const char *name;
    struct shapes_tree *children;
    size_t children_n;
};

struct shapes_forest { /* its trees' arrays are one level deeper than a tree's own */
    struct shapes_tree tree;
};

struct shapes_all {
    bool flag;
    int32_t count;
    int64_t total;
    float ratio;
    double share;
    const char *name;
    struct evt_bytes blob;
    struct evt_bytes stamp; /* fixed, 4 bytes */
    enum shapes_colour colour;
    struct shapes_line line;
    bool has_limit;
    int64_t limit;
    const char *remark;
    bool has_gift;
    struct shapes_line gift;
    bool has_tint;
    enum shapes_colour tint;
    bool has_seal;
    struct evt_bytes seal;
    struct shapes_line *lines;
    size_t lines_n;
    int64_t *numbers;
    size_t numbers_n;
    struct shapes_numbers *grid;
    size_t grid_n;
    enum shapes_colour *colours;
    size_t colours_n;
    struct shapes_attr *attrs;
    size_t attrs_n;
    struct shapes_named_line *named;
    size_t named_n;
    struct shapes_named_numbers *series;
    size_t series_n;
    bool has_codes;
    const char **codes;
    size_t codes_n;
    double *shares;
    size_t shares_n;
};

/* Reads nothing of anything: for what must be refused or skipped whoever reads it. */
struct shapes_none {
    bool unused;
};

extern const struct evt_fields shapes_all_fields, shapes_tree_fields, shapes_line_fields,
    shapes_none_fields;
extern const struct evt_type shapes_all_type, shapes_tree_type, shapes_forest_type,
    shapes_none_type;
extern const struct evt_registry shapes_registry;

#define SHAPES_ALL_ID     7
#define SHAPES_TREE_ID    0x01020304
#define SHAPES_FOREST_ID  0x01020305
#define SHAPES_WRITTEN_ID 9

/* A registry that knows one schema for `type`, SHAPES_WRITTEN_ID, as somebody else wrote it. It is
 * never freed: the codec keeps what it compiled from it under its address. */
const struct evt_registry *shapes_written_by(const struct evt_type *type, const char *json);

/* Avro by hand. */
void shapes_frame(struct evt_buf *buf, uint32_t id); /* clears it first */
void shapes_long(struct evt_buf *buf, int64_t number);
void shapes_text(struct evt_buf *buf, const char *text);
void shapes_hex(struct evt_buf *buf, const char *hex); /* pairs of digits, blanks between them */

#endif
