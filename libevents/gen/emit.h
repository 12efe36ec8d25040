/* Emit: the C that is generated. Each function appends a whole file to `buf`; the model is complete
 * and without refusals. */
#ifndef GEN_EMIT_H
#define GEN_EMIT_H

#include "model.h"
#include "types.h"

void emit_header(struct model *m, const char *folder, struct evt_buf *buf);
void emit_source(struct model *m, const char *folder, struct evt_buf *buf);
void emit_registry_header(struct model *m, struct evt_buf *buf);
void emit_registry(struct model *m, struct evt_buf *buf);
void emit_docs(struct model *m, struct evt_buf *buf);

/* The fields of a record as tables, its default image, and the tables of an enum. */
void emit_tables(struct model *m, const struct named *type, struct evt_buf *buf);
/* What a service takes, as a hash: names, schemas, keys, senders and caps. */
uint64_t emit_declaration_hash(const struct model *m, const struct service *service);

/* A text as a C literal of any content. */
void emit_literal(struct evt_buf *buf, const char *bytes, size_t len, const char *indent);
void emit_c_type(struct model *m, const struct schema *type, struct evt_buf *buf); /* "int64_t " */
bool emit_has_flag(const struct schema_field *field);  /* the struct has a bool has_<field> */
bool emit_has_count(const struct schema_field *field); /* … a size_t <field>_n */

#endif
