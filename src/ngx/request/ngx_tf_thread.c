
#include "ngx_tf_conf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_op.h"
#include "ngx_tf_thread.h"


/* Behind a task, which is malloc'ed and may outlive the request: op is NULL
 * then.  size: bytes of data that stand behind it; 0: they are elsewhere. */

typedef struct {
    ngx_tf_op_t   *op;
    void         (*body)(void *data);
    void         (*gone)(void *data);
    void          *data;
    size_t         size;
} ngx_tf_work_t;


static ngx_int_t ngx_tf_thread_post(ngx_tf_op_t *op, ngx_thread_pool_t *pool,
    const ngx_tf_work_t *what);
static void ngx_tf_thread_detach(ngx_tf_op_t *op);
static void ngx_tf_thread_body(void *data, ngx_log_t *log);
static void ngx_tf_thread_done(ngx_event_t *ev);
static void ngx_tf_thread_free(ngx_thread_task_t *task);


/* hashes queued or running in this process */

static ngx_uint_t  ngx_tf_thread_tasks;


ngx_int_t
ngx_tf_thread_run(ngx_tf_op_t *op, void (*body)(void *data), const void *arg,
    size_t size, void **data)
{
    ngx_tf_work_t        what;
    ngx_tf_main_conf_t  *mcf;

    mcf = ngx_tf_conf();

    if (ngx_tf_thread_tasks >= mcf->hashes) {
        return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL,
                                   "too many passwords are being checked");
    }

    what.body = body;
    what.gone = NULL;
    what.data = (void *) arg;
    what.size = size;

    if (ngx_tf_thread_post(op, mcf->threads, &what) != NGX_AGAIN) {
        return NGX_ERROR;
    }

    ngx_tf_count_gauge(NGX_TF_GAUGE_HASHES, ++ngx_tf_thread_tasks);

    ngx_tf_debug1(op, "waits for a thread, %ui tasks", ngx_tf_thread_tasks);

    *data = ((ngx_tf_work_t *) op->in.task->ctx)->data;

    return NGX_AGAIN;
}


ngx_int_t
ngx_tf_thread_file(ngx_tf_op_t *op, void (*body)(void *data), void *data,
    void (*gone)(void *data))
{
    ngx_tf_work_t  what;

    what.body = body;
    what.gone = gone;
    what.data = data;
    what.size = 0;

    return ngx_tf_thread_post(op, ngx_tf_conf()->file_threads, &what);
}


static ngx_int_t
ngx_tf_thread_post(ngx_tf_op_t *op, ngx_thread_pool_t *pool,
    const ngx_tf_work_t *what)
{
    ngx_tf_work_t      *work;
    ngx_thread_task_t  *task;

    ngx_tf_thread_detach(op);

    task = ngx_calloc(sizeof(ngx_thread_task_t) + sizeof(ngx_tf_work_t)
                      + what->size, ngx_cycle->log);
    if (task == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    work = (ngx_tf_work_t *) (task + 1);
    *work = *what;
    work->op = op;

    if (what->size) {
        work->data = work + 1;
        ngx_memcpy(work->data, what->data, what->size);
    }

    task->ctx = work;
    task->handler = ngx_tf_thread_body;
    task->event.data = task;
    task->event.handler = ngx_tf_thread_done;
    task->event.log = ngx_cycle->log;

    if (!op->in.threads && ngx_tf_op_on_end(op, ngx_tf_thread_detach) != NGX_OK)
    {
        ngx_tf_thread_free(task);
        return NGX_ERROR;
    }

    op->in.threads = 1;

    if (ngx_thread_task_post(pool, task) != NGX_OK) {
        ngx_tf_thread_free(task);
        return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL,
                                   "too much waits for a thread");
    }

    op->in.task = task;
    op->in.task_running = 1;

    return NGX_AGAIN;
}


static void
ngx_tf_thread_body(void *data, ngx_log_t *log)
{
    ngx_tf_work_t  *work = data;

    work->body(work->data);
}


static void
ngx_tf_thread_done(ngx_event_t *ev)
{
    ngx_tf_work_t      *work;
    ngx_thread_task_t  *task;

    task = ev->data;
    work = task->ctx;

    if (work->gone == NULL) {
        ngx_tf_count_gauge(NGX_TF_GAUGE_HASHES, --ngx_tf_thread_tasks);
    }

    if (work->op == NULL) {
        if (work->gone) {
            work->gone(work->data);
        }

        ngx_tf_thread_free(task);
        return;
    }

    work->op->in.task_running = 0;

    ngx_tf_debug0(work->op, "the thread is done");

    ngx_tf_op_resume(work->op);
}


/* Lets go of the op's task: at once when it is over, else when it ends. */

static void
ngx_tf_thread_detach(ngx_tf_op_t *op)
{
    ngx_tf_work_t      *work;
    ngx_thread_task_t  *task;

    task = op->in.task;

    if (task == NULL) {
        return;
    }

    op->in.task = NULL;

    if (op->in.task_running) {
        work = task->ctx;
        work->op = NULL;
        return;
    }

    ngx_tf_thread_free(task);
}


static void
ngx_tf_thread_free(ngx_thread_task_t *task)
{
    ngx_tf_work_t  *work = task->ctx;

    tf_wipe(work->data, work->size);
    ngx_free(task);
}
