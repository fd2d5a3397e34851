
/*
 * The insides of a reading, for its two files.
 */


#ifndef _TFW_READING_INT_H_INCLUDED_
#define _TFW_READING_INT_H_INCLUDED_


#include "tfw_reading.h"


typedef struct {
    char                    *name;      /* as the server has it; ends in NUL */
    tf_str_t                 text;      /* as it is kept, whatever its name
                                           became since */
    tf_str_t                 id;
    tfw_database_e           kind;
    unsigned                 again:1;   /* the session broke once before */
    unsigned                 moved:1;   /* is not found under its name */
    unsigned                 sought:1;  /* was looked for in a second list, */
    unsigned                 found:1;   /* which has it */
} tfw_database_t;


/* A session of its own in one database. */

typedef struct {
    tfw_database_t          *database;  /* NULL: idle */
    void                    *session;
    unsigned                 open:1;
    int64_t                  deadline;  /* of all that is read there */
    tfw_wait_t               wait;
    tfw_batch_t              batch;
} tfw_visit_t;


struct tfw_reading_s {
    const tfw_engine_t      *engine;
    const tfw_read_t        *read;
    const tfw_target_t      *target;
    const tf_mem_t          *mem;
    tfw_sink_t              *sink;
    void                    *state;

    unsigned                 complete:1;
    unsigned                 blind:1;   /* the first scope was not read */
    unsigned                 stopped:1; /* by the sink or for lack of memory */
    unsigned                 moved:1;   /* a database was not found */
    unsigned                 seeking:1; /* the list is read again */
    unsigned                 sought:1;  /* and was */
    tf_scope_status_e        listed;    /* outcome of the list of databases */
    tf_err_t                 list_err;

    tfw_database_t          *database;
    size_t                   databases;
    size_t                   size;
    size_t                   next;

    tfw_visit_t              visit[TFW_CONNECTIONS];
    int                      visits;    /* that may be at once */
    unsigned                 silent;
    tfw_database_t          *later[TFW_CONNECTIONS];    /* to be tried again */
    int                      laters;
    int64_t                  not_before;
    int64_t                  waited;
};


/* base: what is read once, too. */
void tfw_reading_batch(tfw_reading_t *rd, tfw_batch_t *b, void *session,
    int base);
tf_int_t tfw_reading_finish(const tfw_engine_t *engine, void *session,
    tf_err_t *err) TF_MUST_CHECK;

/* A scope that the server's version does not have has nothing to say: it was
 * read. */
tf_int_t tfw_reading_absent(tfw_reading_t *rd, tfw_each_e each,
    tfw_batch_t *b) TF_MUST_CHECK;

/* The session of a batch broke; err is why.  TF_OK when that concerns nothing
 * but the database it was in. */
tf_int_t tfw_reading_rest(tfw_batch_t *b, tf_err_t *err) TF_MUST_CHECK;

/* The same outcome for all scopes of a database. */
tf_int_t tfw_reading_all(tfw_reading_t *rd, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err) TF_MUST_CHECK;
tf_scope_status_e tfw_reading_status(const tf_err_t *err);


#endif /* _TFW_READING_INT_H_INCLUDED_ */
