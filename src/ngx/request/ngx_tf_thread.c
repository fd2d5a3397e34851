
#include "ngx_tf_conf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_op.h"
#include "ngx_tf_thread.h"


/* In front of the data of a task; the task is malloc'ed and may outlive the
 * request, op is NULL then. */

typedef struct {
    ngx_tf_op_t   *op;
    void         (*body)(void *data);
    void          *data;
    size_t         size;
} ngx_tf_work_t;


static void ngx_tf_thread_detach(ngx_tf_op_t *op);
static void ngx_tf_thread_body(void *data, ngx_log_t *log);
static void ngx_tf_thread_done(ngx_event_t *ev);
static void ngx_tf_thread_free(ngx_thread_task_t *task);


/* tasks queued or running in this process */

static ngx_uint_t  ngx_tf_thread_tasks;


ngx_int_t
ngx_tf_thread_run(ngx_tf_op_t *op, void (*body)(void *data), const void *arg,
    size_t size, void **data)
{
    ngx_tf_work_t       *work;
    ngx_tf_main_conf_t  *mcf;
    ngx_thread_task_t   *task;

    mcf = ngx_tf_conf();

    ngx_tf_thread_detach(op);

    if (ngx_tf_thread_tasks >= mcf->hashes) {
        return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL,
                                   "too many passwords are being checked");
    }

    task = ngx_calloc(sizeof(ngx_thread_task_t) + sizeof(ngx_tf_work_t) + size,
                      ngx_cycle->log);
    if (task == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    work = (ngx_tf_work_t *) (task + 1);
    work->op = op;
    work->body = body;
    work->data = work + 1;
    work->size = size;
    ngx_memcpy(work->data, arg, size);

    task->ctx = work;
    task->handler = ngx_tf_thread_body;
    task->event.data = task;
    task->event.handler = ngx_tf_thread_done;
    task->event.log = ngx_cycle->log;

    if (ngx_tf_op_on_end(op, ngx_tf_thread_detach) != NGX_OK) {
        ngx_tf_thread_free(task);
        return NGX_ERROR;
    }

    if (ngx_thread_task_post(mcf->threads, task) != NGX_OK) {
        ngx_tf_thread_free(task);
        return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL,
                                   "too many passwords are being checked");
    }

    ngx_tf_count_gauge(NGX_TF_GAUGE_HASHES, ++ngx_tf_thread_tasks);

    ngx_tf_debug1(op, "waits for a thread, %ui tasks", ngx_tf_thread_tasks);

    op->in.task = task;
    op->in.task_running = 1;
    *data = work->data;

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

    ngx_tf_count_gauge(NGX_TF_GAUGE_HASHES, --ngx_tf_thread_tasks);

    if (work->op == NULL) {
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
