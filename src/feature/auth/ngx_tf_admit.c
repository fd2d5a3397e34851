
#include "ngx_tf_admit.h"
#include "ngx_tf_csrf.h"
#include "ngx_tf_session.h"


static ngx_int_t ngx_tf_admit_authorise(ngx_tf_op_t *op);


ngx_int_t
ngx_tf_admit(ngx_tf_op_t *op, PGresult *res, tf_sql_e *sql)
{
    ngx_int_t  rc;

    if (op->route->perm != TF_PUBLIC) {
        rc = ngx_tf_session_get(op, &op->session, res, sql);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_tf_admit_authorise(op);
}


static ngx_int_t
ngx_tf_admit_authorise(ngx_tf_op_t *op)
{
    ngx_tf_perm_e      perm;
    ngx_tf_session_t  *s;

    s = &op->session;
    perm = op->route->perm;

    if (s->role == NGX_TF_ROLE_NONE && perm != TF_PUBLIC && perm != TF_ANYONE) {
        return ngx_tf_request_fail(op, TF_E_AUTHENTICATION_REQUIRED, NULL,
                                   NULL);
    }

    if (!ngx_tf_session_may(s->role, perm)
        || (op->unsafe && s->bearer && s->read_only))
    {
        return ngx_tf_request_fail(op, perm == TF_ADMIN
                                       ? TF_E_ADMIN_PERMISSION_REQUIRED
                                       : TF_E_PERMISSION_REQUIRED,
                                   NULL, NULL);
    }

    if (op->unsafe && !s->bearer) {
        return ngx_tf_csrf_check(op, s);
    }

    return NGX_OK;
}
