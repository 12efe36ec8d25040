/* What libevents' own modules share of a store: its own statements and the purity guard. */
#ifndef EVT_STORE_INTERNAL_H
#define EVT_STORE_INTERNAL_H

#include <evt/store.h>

/* libevents' own statements, prepared once like the service's. */
#define EVT_OWN_SQL(X)                                                                             \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(SAVEPOINT, "SAVEPOINT message")                                                              \
    X(RELEASE, "RELEASE message")                                                                  \
    X(UNDO, "ROLLBACK TO message")                                                                 \
    X(META_GET, "SELECT generation, declared, lineage, pos, pos_hash, roll, now_ms, counter,"      \
                " held_back FROM evt_meta")                                                        \
    X(META_PUT, "UPDATE evt_meta SET generation=?1, declared=?2, lineage=?3, pos=?4, pos_hash=?5," \
                " roll=?6, now_ms=?7, counter=?8, held_back=?9 WHERE pos=?10")                     \
    X(CHECKED_GET, "SELECT checked FROM evt_meta")                                                 \
    X(CHECKED_PUT, "UPDATE evt_meta SET checked=?1")                                               \
    X(MIGRATION_ALL, "SELECT number, name, hash FROM evt_migrations ORDER BY number")              \
    X(MIGRATION_PUT, "INSERT INTO evt_migrations (number, name, hash) VALUES (?1, ?2, ?3)")        \
    X(MARK_GET, "SELECT number, chain, chains, parked FROM evt_marks WHERE source=?1")             \
    X(MARK_PUT, "INSERT INTO evt_marks (source, number, chain, chains, parked)"                    \
                " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source) DO UPDATE SET"                  \
                " number=?2, chain=?3, chains=?4, parked=?5")                                      \
    X(MARK_HELD, "SELECT source, number, chain, parked, (SELECT min(number) FROM evt_parked p"     \
                 " WHERE p.source = m.source AND p.number > m.number), chains FROM evt_marks m"    \
                 " WHERE parked > 0 ORDER BY source")                                              \
    X(STREAM_GET, "SELECT number, chain FROM evt_streams WHERE topic=?1 AND partition=?2")         \
    X(STREAM_PUT, "INSERT INTO evt_streams (topic, partition, number, chain, type, key, value,"    \
                  " trace) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (topic, partition)" \
                  " DO UPDATE SET number=?3, chain=?4, type=?5, key=?6, value=?7, trace=?8")       \
    X(STREAM_ALL, "SELECT topic, partition, number, chain, type, key, value, trace"                \
                  " FROM evt_streams ORDER BY topic, partition")                                   \
    X(PARK_PUT, "INSERT INTO evt_parked (offset, source, number, chain, time_ms, key, value,"      \
                " headers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                               \
    X(PARK_HAS, "SELECT 1 FROM evt_parked WHERE source=?1 AND number=?2 AND chain=?3")             \
    X(PARK_SOME, "SELECT offset, number, chain, time_ms, key, value, headers FROM evt_parked"      \
                 " WHERE source=?1 AND number BETWEEN ?2 AND ?3 ORDER BY number, offset")          \
    X(PARK_DELETE, "DELETE FROM evt_parked WHERE offset=?1")                                       \
    X(PARK_FORGET, "DELETE FROM evt_parked WHERE source=?1")                                       \
    X(TIMER_PUT, "INSERT INTO evt_timers (id, due_ms, name, key, ref, trace)"                      \
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                               \
    X(TIMER_GET, "SELECT name, due_ms, key, ref FROM evt_timers WHERE id=?1")                      \
    X(TIMER_DELETE, "DELETE FROM evt_timers WHERE id=?1")                                          \
    X(TIMER_DUE, "SELECT id, due_ms, name, key, trace FROM evt_timers WHERE due_ms<=?1"            \
                 " ORDER BY due_ms, id")                                                           \
    X(TIMER_NEXT, "SELECT due_ms FROM evt_timers WHERE due_ms>?1 ORDER BY due_ms, id LIMIT 1")     \
    X(CALL_PUT, "INSERT INTO evt_calls (id, name, call_key, key, ref, request, state, created_ms," \
                " trace) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)")                              \
    X(CALL_GET, "SELECT name, call_key, key, ref, state FROM evt_calls WHERE id=?1")               \
    X(CALL_DELETE, "DELETE FROM evt_calls WHERE id=?1")                                            \
    X(CALL_PARK, "UPDATE evt_calls SET state=1 WHERE id=?1")                                       \
    X(CALL_PENDING, "SELECT id, name, call_key, key, ref, request, created_ms, trace"              \
                    " FROM evt_calls WHERE id=?1 AND state=0")                                     \
    X(CALL_NAME, "SELECT name FROM evt_calls WHERE state=0 AND name>?1 ORDER BY name LIMIT 1")     \
    X(CALL_SOME, "SELECT id, name, call_key, key, ref, request, created_ms, trace FROM evt_calls"  \
                 " WHERE state=0 AND name=?1 AND id>?2 ORDER BY id LIMIT ?3")                      \
    X(ANSWER_GET, "SELECT request FROM evt_answers WHERE source=?1 AND id=?2")                     \
    X(ANSWER_PUT, "INSERT INTO evt_answers (source, id, request, outcome, reason, detail, at_ms)"  \
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                          \
    X(ANSWER_PRUNE, "DELETE FROM evt_answers WHERE at_ms<?1")                                      \
    X(SAGA_GET, "SELECT saga_id, definition, phase, stage, pivoted, cancelled, why, parts,"        \
                " history, trace, started_ms, deadline_ms, timer_id, timer_ms,"                    \
                " forget_ms IS NOT NULL FROM evt_sagas WHERE name=?1 AND ref=?2")                  \
    X(SAGA_SENT_KEY, "SELECT name, ref FROM evt_sagas WHERE name=?2 AND ref=?3"                    \
                     " AND forget_ms IS NULL AND instr(parts, ?1) > 0")                            \
    X(SAGA_SENT_TRACE, "SELECT name, ref FROM evt_sagas WHERE substr(trace, 4, 32)=?2"             \
                       " AND forget_ms IS NULL AND instr(parts, ?1) > 0"                           \
                       " ORDER BY saga_id LIMIT 1")                                                \
    X(SAGA_ADD, "INSERT INTO evt_sagas (saga_id, name, ref, definition, phase, stage, pivoted,"    \
                " cancelled, why, parts, parked, history, trace, started_ms, deadline_ms,"         \
                " timer_id, timer_ms) VALUES (?1, ?2, ?3, ?4, 'forward', 1, 0, 0, '', '', 0, 0,"   \
                " ?5, ?6, ?7, 0, 0)")                                                              \
    X(SAGA_PUT, "UPDATE evt_sagas SET phase=?2, stage=?3, pivoted=?4, cancelled=?5, why=?6,"       \
                " parts=?7, parked=?8, history=?9, timer_id=?10, timer_ms=?11 WHERE saga_id=?1")   \
    X(SAGA_CLOSE, "UPDATE evt_sagas SET forget_ms=?2 WHERE saga_id=?1")                            \
    X(SAGA_OPEN, "UPDATE evt_sagas SET forget_ms=NULL WHERE saga_id=?1")                           \
    X(SAGA_NOTE, "INSERT INTO evt_saga_history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")               \
    X(SAGA_OLD, "SELECT saga_id FROM evt_sagas WHERE forget_ms<?1"                                 \
                " ORDER BY forget_ms, saga_id LIMIT 1")                                            \
    X(SAGA_FORGET, "DELETE FROM evt_sagas WHERE saga_id=?1")                                       \
    X(SAGA_FORGET_HISTORY, "DELETE FROM evt_saga_history WHERE saga_id=?1")                        \
    X(SAGA_DEFINITIONS, "SELECT DISTINCT name, definition FROM evt_sagas"                          \
                        " WHERE forget_ms IS NULL OR forget_ms>=?1 ORDER BY name, definition")

enum evt_own_sql {
#define EVT_OWN_ENUM(name, text) EVT_OWN_##name,
    EVT_OWN_SQL(EVT_OWN_ENUM)
#undef EVT_OWN_ENUM
        EVT_OWN_COUNT
};

/* Who speaks to the database decides what the authorizer lets pass. */
enum evt_speaker { EVT_SPEAKER_LIBRARY, EVT_SPEAKER_MIGRATION, EVT_SPEAKER_HANDLER };

struct evt_store_lock {
    const struct evt_fs *fs;
    char *path; /* of the store */
    int fd;
};

struct evt_store {
    struct evt_store_options opt;
    const struct evt_fs *fs;
    char *path;
    struct evt_store_lock *lock; /* NULL: read only, or the caller's */
    sqlite3 *db;
    bool catching_up;
    enum evt_speaker speaker;
    char refused[160]; /* why the authorizer said no: SQLite itself only says "not authorized" */
    sqlite3_stmt *own[EVT_OWN_COUNT];
    sqlite3_stmt **statements;
    size_t statements_n;
};

EVT_MUST_USE enum evt_err evt__own_run(struct evt_store *st, enum evt_own_sql which,
                                       struct evt_error *err, const char *types, ...);
EVT_MUST_USE enum evt_err evt__own_query(struct evt_store *st, enum evt_own_sql which,
                                         sqlite3_stmt **ret_row, struct evt_error *err,
                                         const char *types, ...);
/* Runs statements that nobody keeps: schema, pragmas, migrations. */
EVT_MUST_USE enum evt_err evt__store_exec(struct evt_store *st, enum evt_speaker speaker,
                                          const char *sql, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__store_prepare(struct evt_store *st, enum evt_speaker speaker,
                                             const char *sql, sqlite3_stmt **ret_stmt,
                                             struct evt_error *err);
/* Prepares it now: what must not fail later for want of memory. */
EVT_MUST_USE enum evt_err evt__own_ready(struct evt_store *st, enum evt_own_sql which,
                                         struct evt_error *err);
/* Steps a statement of evt__store_prepare: a row or the end. Anything else is a failure: to take
 * one for the end of the rows would check, hash or migrate only a part. */
EVT_MUST_USE enum evt_err evt__store_step(struct evt_store *st, sqlite3_stmt *stmt, bool *ret_row,
                                          struct evt_error *err);
void evt__store_forget_statements(struct evt_store *st); /* the schema changes: prepare them anew */
void evt__store_reset_statements(struct evt_store *st);

/* store_guard.c */
EVT_MUST_USE enum evt_err evt__guard_install(struct evt_store *st, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__guard_check_schema(struct evt_store *st, struct evt_error *err);

/* store_schema.c */
EVT_MUST_USE enum evt_err evt__schema_open(struct evt_store *st, struct evt_error *err);

#endif
