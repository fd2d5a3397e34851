
#include "ngx_tf_conf.h"
#include "ngx_tf_session_zone.h"


#define NGX_TF_SESSION_WAYS   4
#define NGX_TF_SESSION_USERS  256


typedef struct {
    ngx_atomic_t         seq;           /* odd: being written; 0: never was */
    unsigned             forgotten:1;   /* session.asked is when */
    ngx_tf_session_t     session;
} ngx_tf_slot_t;


typedef struct {
    ngx_uint_t           buckets;
    ngx_tf_slot_t       *slots;

    /* of the users whose id has this remainder, entries from before this
     * time are not used; 0: never set */
    ngx_msec_t           forgotten[NGX_TF_SESSION_USERS];
} ngx_tf_session_sh_t;


static ngx_int_t ngx_tf_session_zone_init(ngx_shm_zone_t *zone, void *data);
static ngx_tf_session_sh_t *ngx_tf_session_sh(ngx_slab_pool_t **pool);
static ngx_tf_slot_t *ngx_tf_session_bucket(ngx_tf_session_sh_t *sh,
    const u_char id[TF_DIGEST_LEN]);
static ngx_tf_slot_t *ngx_tf_session_place(ngx_tf_session_sh_t *sh,
    const u_char id[TF_DIGEST_LEN]);
static ngx_uint_t ngx_tf_session_stale(ngx_tf_session_sh_t *sh,
    const ngx_tf_session_t *s);
static void ngx_tf_session_write(ngx_tf_slot_t *slot,
    const ngx_tf_session_t *s, ngx_uint_t forgotten);
static ngx_msec_int_t ngx_tf_session_age(const ngx_tf_slot_t *slot);


ngx_int_t
ngx_tf_session_zone(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t      *zone;
    ngx_tf_main_conf_t  *mcf;

    if (size < 8 * ngx_pagesize) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "session zone \"%V\" is too small", name);
        return NGX_ERROR;
    }

    zone = ngx_shared_memory_add(cf, name, size, ngx_tf_module);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_tf_session_zone_init;

    mcf = ngx_tf_conf_main(cf);
    mcf->zone = zone;

    return NGX_OK;
}


static ngx_int_t
ngx_tf_session_zone_init(ngx_shm_zone_t *zone, void *data)
{
    size_t                size;
    ngx_slab_pool_t      *pool;
    ngx_tf_session_sh_t  *sh;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    sh = ngx_slab_calloc(pool, sizeof(ngx_tf_session_sh_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    /* whole pages for the slots; one page stays for the above */

    size = (pool->pfree - 1) * ngx_pagesize;

    sh->buckets = size / (NGX_TF_SESSION_WAYS * sizeof(ngx_tf_slot_t));
    sh->slots = ngx_slab_calloc(pool, sh->buckets * NGX_TF_SESSION_WAYS
                                      * sizeof(ngx_tf_slot_t));
    if (sh->slots == NULL || sh->buckets == 0) {
        return NGX_ERROR;
    }

    pool->data = sh;
    zone->data = sh;

    return NGX_OK;
}


ngx_int_t
ngx_tf_session_zone_get(ngx_tf_session_t *s)
{
    unsigned              cookie;
    ngx_uint_t            i, forgotten;
    ngx_tf_slot_t        *slot;
    ngx_atomic_uint_t     seq;
    ngx_tf_session_t      seen;
    ngx_tf_session_sh_t  *sh;

    sh = ngx_tf_session_sh(NULL);
    slot = ngx_tf_session_bucket(sh, s->id);

    for (i = 0; i < NGX_TF_SESSION_WAYS; i++, slot++) {
        seq = slot->seq;

        if (seq == 0 || seq & 1) {
            continue;
        }

        ngx_memory_barrier();

        seen = slot->session;
        forgotten = slot->forgotten;

        ngx_memory_barrier();

        if (slot->seq != seq
            || !tf_secret_eq(seen.id, s->id, TF_DIGEST_LEN))
        {
            continue;
        }

        if (ngx_abs((ngx_msec_int_t) (ngx_current_msec - seen.asked))
            >= NGX_TF_SESSION_FRESH)
        {
            return NGX_DECLINED;
        }

        if (forgotten) {
            seen.role = NGX_TF_ROLE_NONE;
        }

        cookie = s->cookie;
        *s = seen;
        s->cookie = cookie;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


void
ngx_tf_session_zone_put(const ngx_tf_session_t *s)
{
    ngx_tf_slot_t        *slot;
    ngx_slab_pool_t      *pool;
    ngx_tf_session_sh_t  *sh;

    if ((ngx_msec_int_t) (ngx_current_msec - s->asked)
        >= NGX_TF_SESSION_FRESH)
    {
        return;
    }

    sh = ngx_tf_session_sh(&pool);

    ngx_shmtx_lock(&pool->mutex);

    slot = ngx_tf_session_place(sh, s->id);

    if (!ngx_tf_session_stale(sh, s)
        && (!slot->forgotten
            || ngx_tf_session_age(slot) >= NGX_TF_SESSION_FRESH
            || !tf_secret_eq(slot->session.id, s->id, TF_DIGEST_LEN)))
    {
        ngx_tf_session_write(slot, s, 0);
    }

    ngx_shmtx_unlock(&pool->mutex);
}


/* An entry that says so is left behind: an answer that is on its way from
 * PostgreSQL may still know the session. */

void
ngx_tf_session_zone_forget(const u_char id[TF_DIGEST_LEN])
{
    ngx_slab_pool_t      *pool;
    ngx_tf_session_t      s;
    ngx_tf_session_sh_t  *sh;

    sh = ngx_tf_session_sh(&pool);

    ngx_memzero(&s, sizeof(ngx_tf_session_t));
    ngx_memcpy(s.id, id, TF_DIGEST_LEN);
    s.asked = ngx_current_msec;

    ngx_shmtx_lock(&pool->mutex);

    ngx_tf_session_write(ngx_tf_session_place(sh, id), &s, 1);

    ngx_shmtx_unlock(&pool->mutex);
}


void
ngx_tf_session_zone_forget_user(int64_t user_id)
{
    ngx_uint_t            i, n;
    ngx_tf_slot_t        *slot;
    ngx_slab_pool_t      *pool;
    ngx_tf_session_sh_t  *sh;

    sh = ngx_tf_session_sh(&pool);
    n = sh->buckets * NGX_TF_SESSION_WAYS;

    ngx_shmtx_lock(&pool->mutex);

    sh->forgotten[(uint64_t) user_id % NGX_TF_SESSION_USERS]
        = (ngx_current_msec + ngx_tf_conf()->deadline) | 1;

    for (i = 0; i < n; i++) {
        slot = &sh->slots[i];

        /* an entry that was never written whole is looked up anew */

        if (slot->seq && !slot->forgotten
            && slot->session.role != NGX_TF_ROLE_NONE
            && slot->session.user_id == user_id)
        {
            slot->seq |= 1;
        }
    }

    ngx_shmtx_unlock(&pool->mutex);
}


/* Under the lock: what PostgreSQL said may be older than a change of the user.
 * An answer that is put was asked for less than NGX_TF_SESSION_FRESH ago. */

static ngx_uint_t
ngx_tf_session_stale(ngx_tf_session_sh_t *sh, const ngx_tf_session_t *s)
{
    ngx_msec_t      until;
    ngx_msec_int_t  left;

    if (s->role == NGX_TF_ROLE_NONE) {
        return 0;
    }

    until = sh->forgotten[(uint64_t) s->user_id % NGX_TF_SESSION_USERS];
    left = (ngx_msec_int_t) (until - s->asked);

    return until != 0 && left >= 0
           && left <= (ngx_msec_int_t) (ngx_tf_conf()->deadline
                                        + NGX_TF_SESSION_FRESH);
}


static ngx_tf_session_sh_t *
ngx_tf_session_sh(ngx_slab_pool_t **pool)
{
    ngx_shm_zone_t  *zone;

    zone = ngx_tf_conf()->zone;

    if (pool) {
        *pool = (ngx_slab_pool_t *) zone->shm.addr;
    }

    return zone->data;
}


static ngx_tf_slot_t *
ngx_tf_session_bucket(ngx_tf_session_sh_t *sh, const u_char id[TF_DIGEST_LEN])
{
    uint64_t  hash;

    ngx_memcpy(&hash, id, sizeof(hash));

    return &sh->slots[hash % sh->buckets * NGX_TF_SESSION_WAYS];
}


/* Under the lock: the slot of this id, or the one it may take. */

static ngx_tf_slot_t *
ngx_tf_session_place(ngx_tf_session_sh_t *sh, const u_char id[TF_DIGEST_LEN])
{
    ngx_uint_t       i;
    ngx_msec_int_t   age, oldest;
    ngx_tf_slot_t   *slot, *replaced;

    slot = ngx_tf_session_bucket(sh, id);
    replaced = slot;
    oldest = -1;

    for (i = 0; i < NGX_TF_SESSION_WAYS; i++, slot++) {

        if (slot->seq && tf_secret_eq(slot->session.id, id, TF_DIGEST_LEN)) {
            return slot;
        }

        age = ngx_tf_session_age(slot);

        /* a nobody gives way to a somebody: a flood of made-up cookies does
         * not push out those who are signed in */

        if (slot->session.role == NGX_TF_ROLE_NONE && !slot->forgotten) {
            age += NGX_TF_SESSION_FRESH;
        }

        if (age > oldest) {
            oldest = age;
            replaced = slot;
        }
    }

    return replaced;
}


/* Under the lock. */

static void
ngx_tf_session_write(ngx_tf_slot_t *slot, const ngx_tf_session_t *s,
    ngx_uint_t forgotten)
{
    slot->seq |= 1;

    ngx_memory_barrier();

    slot->session = *s;
    slot->forgotten = forgotten;

    ngx_memory_barrier();

    slot->seq++;
}


/* How old the entry is; one never or not wholly written is the oldest. */

static ngx_msec_int_t
ngx_tf_session_age(const ngx_tf_slot_t *slot)
{
    ngx_msec_int_t  age;

    if (slot->seq == 0 || slot->seq & 1) {
        return NGX_MAX_INT32_VALUE / 2;
    }

    age = (ngx_msec_int_t) (ngx_current_msec - slot->session.asked);

    return ngx_max(age, 0);
}
