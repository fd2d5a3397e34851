
#include "ngx_tf_total.h"
#include "tf_buf.h"


#define NGX_TF_TOTAL_PLACES  1024
#define NGX_TF_TOTAL_AGE     30000          /* ms */
#define NGX_TF_TOTAL_KEY     (1024 * 1024)  /* bytes of the values, at most */


typedef struct {
    u_char      key[TF_DIGEST_LEN];
    ngx_msec_t  since;
    int64_t     total;                      /* 0: an empty place */
} ngx_tf_total_t;


static ngx_tf_total_t *ngx_tf_total_place(ngx_tf_op_t *op);


/* Each key has one place; a new one takes it from an old one. */

static ngx_tf_total_t  ngx_tf_totals[NGX_TF_TOTAL_PLACES];


ngx_int_t
ngx_tf_total_find(ngx_tf_op_t *op, tf_sql_e count, const tf_str_t *values)
{
    tf_buf_t         b;
    unsigned         i;
    tf_str_t         key;
    ngx_tf_total_t  *place;

    op->in.total = 0;

    tf_buf_init(&b, &op->mem, 256, NGX_TF_TOTAL_KEY);
    tf_buf_int(&b, count);

    for (i = 0; i < tf_sql[count].nparams; i++) {
        tf_buf_char(&b, ' ');

        if (values[i].data) {
            tf_buf_int(&b, values[i].len);
            tf_buf_char(&b, ':');
            tf_buf_str(&b, values[i]);
        }
    }

    if (tf_buf_done(&b, &key) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    tf_sha256(op->in.total_key, key.data, key.len);

    place = ngx_tf_total_place(op);

    if (place->total == 0
        || ngx_current_msec - place->since > NGX_TF_TOTAL_AGE
        || ngx_memcmp(place->key, op->in.total_key, TF_DIGEST_LEN) != 0)
    {
        return NGX_DECLINED;
    }

    op->in.total = place->total;

    return NGX_OK;
}


void
ngx_tf_total_keep(ngx_tf_op_t *op, int64_t total)
{
    ngx_tf_total_t  *place;

    place = ngx_tf_total_place(op);

    ngx_memcpy(place->key, op->in.total_key, TF_DIGEST_LEN);
    place->since = ngx_current_msec;
    place->total = total;
}


static ngx_tf_total_t *
ngx_tf_total_place(ngx_tf_op_t *op)
{
    uint32_t  n;

    ngx_memcpy(&n, op->in.total_key, sizeof(n));

    return &ngx_tf_totals[n % NGX_TF_TOTAL_PLACES];
}
