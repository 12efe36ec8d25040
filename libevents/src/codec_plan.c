/* Plan: a writer's schema and a reader's tables, compiled once and kept for the process.
 *
 * Found without a lock: buckets are lists that only grow, at their heads. Compiling happens under a
 * mutex, which also keeps avro-c's shared error text to one thread. Memory is malloc's own and no
 * evt_alloc runs under the mutex: a simulated process that dies in its allocator must leave neither
 * the cache broken nor the mutex held. */
#include "codec_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Several times the number of schemas that a shop has. */
#define BUCKETS 1024

struct evt__note {
    struct evt__note *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

static _Atomic(struct evt__plan *) buckets[BUCKETS];
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;

/* No memory for a table that every message needs: there is nothing to go on with. */
static void *alloced(void *mem)
{
    if (!mem)
        abort();
    return mem;
}

void *evt__plan_note(struct evt__plan *plan, size_t size)
{
    struct evt__note *note = alloced(calloc(1, sizeof(*note) + size));

    note->next = plan->notes;
    plan->notes = note;
    return note->bytes;
}

uint32_t evt__plan_nodes(struct evt__plan *plan, size_t n)
{
    size_t first = plan->nodes_n;

    plan->nodes_n += n;
    /* One more than needed: a record may have no fields, and realloc must not be asked for none. */
    plan->nodes = alloced(realloc(plan->nodes, (plan->nodes_n + 1) * sizeof(*plan->nodes)));
    memset(plan->nodes + first, 0, (n + 1) * sizeof(*plan->nodes));
    return (uint32_t)first;
}

uint32_t evt__plan_steps(struct evt__plan *plan, size_t n)
{
    size_t first = plan->steps_n;

    plan->steps_n += n;
    plan->steps = alloced(realloc(plan->steps, (plan->steps_n + 1) * sizeof(*plan->steps)));
    memset(plan->steps + first, 0, (n + 1) * sizeof(*plan->steps));
    return (uint32_t)first;
}

static enum evt_err plan_compile(struct evt__plan *plan, struct evt__fault *fault)
{
    const struct evt_schema *schema = plan->schema;
    avro_schema_t parsed = NULL;
    enum evt_err code;

    if (avro_schema_from_json_length(schema->json, schema->json_len, &parsed))
        return evt__fault_set(fault, EVT_E_AVRO_RESOLVE, "avro-c: %s", avro_strerror());
    code = evt__schema_compile(plan, parsed, fault);
    if (!code)
        code = evt__project(plan, parsed, fault);
    avro_schema_decref(parsed);
    return code;
}

struct evt__plan *evt__plan_new(const struct evt_schema *schema, const struct evt_fields *fields)
{
    struct evt__plan *plan = alloced(calloc(1, sizeof(*plan)));
    struct evt__fault fault;

    plan->schema = schema;
    plan->fields = fields;
    if (plan_compile(plan, &fault)) {
        evt__fault_report(&fault, &plan->error);
        evt_wrap(&plan->error, plan->error.code, "schema %u", schema->id);
    }
    return plan;
}

void evt__plan_free(struct evt__plan *plan)
{
    struct evt__note *note, *next;

    if (!plan)
        return;
    for (note = plan->notes; note; note = next) {
        next = note->next;
        free(note);
    }
    free(plan->nodes);
    free(plan->steps);
    free(plan);
}

static const struct evt__plan *plan_find(struct evt__plan *plan, const struct evt_schema *schema,
                                         const struct evt_fields *fields)
{
    for (; plan; plan = plan->next)
        if (plan->schema == schema && plan->fields == fields)
            return plan;
    return NULL;
}

const struct evt__plan *evt__plan_get(const struct evt_schema *schema,
                                      const struct evt_fields *fields)
{
    _Atomic(struct evt__plan *) *bucket = &buckets[(uintptr_t)schema / sizeof(*schema) % BUCKETS];
    const struct evt__plan *found;
    struct evt__plan *plan;

    found = plan_find(atomic_load_explicit(bucket, memory_order_acquire), schema, fields);
    if (found)
        return found;
    pthread_mutex_lock(&compiling);
    found = plan_find(atomic_load_explicit(bucket, memory_order_relaxed), schema, fields);
    if (!found) {
        found = plan = evt__plan_new(schema, fields);
        plan->next = atomic_load_explicit(bucket, memory_order_relaxed);
        atomic_store_explicit(bucket, plan, memory_order_release);
    }
    pthread_mutex_unlock(&compiling);
    return found;
}
