
#include <ngx_config.h>
#include <ngx_core.h>

#include <libpq-fe.h>

#include "ngx_tf_fd.h"
#include "ngx_tf_pg_conf.h"
#include "tf_error.h"


#define NGX_TF_PG_WORDS  64         /* connection parameters, at most */


typedef struct {
    ngx_conf_t           *cf;
    ngx_tf_pg_conf_t     *conf;
    PQconninfoOption     *opts;
    ngx_uint_t            nhosts;
    ngx_array_t          *list;
} ngx_tf_pg_url_t;


/* One host of the list as it is written. */

typedef struct {
    char                 *host;
    char                 *hostaddr;
    char                 *port;
    ngx_uint_t            local;        /* a unix socket or this machine */
    ngx_uint_t            socket;
} ngx_tf_pg_place_t;


typedef struct {
    ngx_pool_t           *pool;
    const char          **keywords;
    const char          **values;
    ngx_uint_t            n;
    ngx_uint_t            failed;
} ngx_tf_pg_words_t;


static ngx_int_t ngx_tf_pg_conf_host(ngx_tf_pg_url_t *url, ngx_uint_t n);
static ngx_int_t ngx_tf_pg_conf_resolve(ngx_tf_pg_url_t *url,
    ngx_tf_pg_place_t *place);
static ngx_int_t ngx_tf_pg_conf_add(ngx_tf_pg_url_t *url,
    ngx_tf_pg_place_t *place);
static ngx_int_t ngx_tf_pg_conf_words(ngx_tf_pg_url_t *url,
    ngx_tf_pg_place_t *place, ngx_uint_t lane, ngx_tf_pg_words_t *words);
static void ngx_tf_pg_word(ngx_tf_pg_words_t *words, const char *name,
    const char *value);
static char *ngx_tf_pg_conf_options(ngx_tf_pg_url_t *url, ngx_uint_t lane);
static const char *ngx_tf_pg_conf_get(ngx_tf_pg_url_t *url, const char *name);
static ngx_uint_t ngx_tf_pg_conf_count(const char *list);
static char *ngx_tf_pg_conf_nth(ngx_pool_t *pool, const char *list,
    ngx_uint_t n);
static char *ngx_tf_pg_conf_copy(ngx_pool_t *pool, const char *text,
    size_t len);
static ngx_uint_t ngx_tf_pg_conf_literal(const char *host, ngx_uint_t *local);


ngx_int_t
ngx_tf_pg_conf_init(ngx_conf_t *cf, ngx_tf_pg_conf_t *conf)
{
    char             *text;
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_tf_pg_url_t   url;

    if (conf->slow_conns == 0) {
        conf->slow_conns = 1;
    }

    text = (char *) ngx_pnalloc(cf->pool, conf->url.len + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn((u_char *) text, conf->url.data, conf->url.len + 1);

    url.cf = cf;
    url.conf = conf;
    url.opts = PQconninfoParse(text, NULL);

    if (url.opts == NULL) {

        /* libpq's own message may quote a part of the password */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "taifish: the PostgreSQL URL cannot be read");
        return NGX_ERROR;
    }

    url.nhosts = ngx_max(ngx_tf_pg_conf_count(ngx_tf_pg_conf_get(&url, "host")),
                         ngx_tf_pg_conf_count(ngx_tf_pg_conf_get(&url,
                                                               "hostaddr")));
    url.list = ngx_array_create(cf->pool, url.nhosts,
                                sizeof(ngx_tf_pg_host_t));
    rc = url.list ? NGX_OK : NGX_ERROR;

    for (i = 0; i < url.nhosts && rc == NGX_OK; i++) {
        rc = ngx_tf_pg_conf_host(&url, i);
    }

    PQconninfoFree(url.opts);

    conf->hosts = url.list;

    return rc;
}


ngx_msec_t
ngx_tf_pg_conf_timeout(ngx_tf_pg_conf_t *conf, ngx_uint_t lane)
{
    return lane == NGX_TF_PG_SLOW ? conf->statement_timeout * 10
                                  : conf->statement_timeout;
}


static ngx_int_t
ngx_tf_pg_conf_host(ngx_tf_pg_url_t *url, ngx_uint_t n)
{
    const char         *ports;
    ngx_pool_t         *pool;
    ngx_tf_pg_place_t   place;

    pool = url->cf->pool;
    ports = ngx_tf_pg_conf_get(url, "port");

    ngx_memzero(&place, sizeof(ngx_tf_pg_place_t));

    place.host = ngx_tf_pg_conf_nth(pool, ngx_tf_pg_conf_get(url, "host"), n);
    place.hostaddr = ngx_tf_pg_conf_nth(pool,
                                       ngx_tf_pg_conf_get(url, "hostaddr"), n);
    place.port = ngx_tf_pg_conf_nth(pool, ports,
                                   ngx_tf_pg_conf_count(ports) > 1 ? n : 0);

    if (place.host == NULL || place.hostaddr == NULL || place.port == NULL) {
        return NGX_ERROR;
    }

    if (place.hostaddr[0] != '\0') {

        if (!ngx_tf_pg_conf_literal(place.hostaddr, &place.local)) {
            ngx_conf_log_error(NGX_LOG_EMERG, url->cf, 0,
                               "hostaddr \"%s\" of the PostgreSQL URL is not "
                               "an address", place.hostaddr);
            return NGX_ERROR;
        }

        return ngx_tf_pg_conf_add(url, &place);
    }

    if (place.host[0] == '\0' || place.host[0] == '/' || place.host[0] == '@') {
        place.local = 1;
        place.socket = 1;
        return ngx_tf_pg_conf_add(url, &place);
    }

    return ngx_tf_pg_conf_resolve(url, &place);
}


/* libpq would look names up while requests wait, so that is done here.  Each
 * address of a name is a host of its own. */

static ngx_int_t
ngx_tf_pg_conf_resolve(ngx_tf_pg_url_t *url, ngx_tf_pg_place_t *place)
{
    char         **addr;
    ngx_uint_t     i;
    ngx_array_t   *addrs;

    addrs = ngx_tf_fd_resolve(url->cf, place->host, "PostgreSQL");
    if (addrs == NULL) {
        return NGX_ERROR;
    }

    addr = addrs->elts;

    for (i = 0; i < addrs->nelts; i++) {
        place->hostaddr = addr[i];

        (void) ngx_tf_pg_conf_literal(addr[i], &place->local);

        if (ngx_tf_pg_conf_add(url, place) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_tf_pg_conf_add(ngx_tf_pg_url_t *url, ngx_tf_pg_place_t *place)
{
    u_char             *p;
    size_t              size;
    ngx_uint_t          lane;
    const char         *where;
    ngx_pool_t         *pool;
    ngx_tf_pg_host_t   *host;
    ngx_tf_pg_words_t   words;

    pool = url->cf->pool;

    host = ngx_array_push(url->list);
    if (host == NULL) {
        return NGX_ERROR;
    }

    size = NGX_TF_PG_WORDS * sizeof(char *);

    for (lane = 0; lane < NGX_TF_PG_LANES; lane++) {
        words.keywords = ngx_pcalloc(pool, size);
        words.values = ngx_pcalloc(pool, size);

        if (words.keywords == NULL || words.values == NULL
            || ngx_tf_pg_conf_words(url, place, lane, &words) != NGX_OK)
        {
            return NGX_ERROR;
        }

        host->keywords[lane] = words.keywords;
        host->values[lane] = words.values;
    }

    where = place->socket ? (place->host[0] ? place->host : "its usual socket")
                          : place->hostaddr;

    size = ngx_strlen(where) + ngx_strlen(place->port) + 2;

    p = ngx_pnalloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    host->name.data = p;
    host->name.len = ngx_snprintf(p, size, "%s%s%s", where,
                                  place->port[0] ? ":" : "", place->port) - p;

    return NGX_OK;
}


/* The first who names a parameter has it: what the pool needs, then the URL,
 * then what is better than libpq's own default.  An empty value is libpq's
 * default. */

static ngx_int_t
ngx_tf_pg_conf_words(ngx_tf_pg_url_t *url, ngx_tf_pg_place_t *place,
    ngx_uint_t lane, ngx_tf_pg_words_t *words)
{
    PQconninfoOption  *opt;

    words->pool = url->cf->pool;
    words->n = 0;
    words->failed = 0;

    ngx_tf_pg_word(words, "host", place->host);
    ngx_tf_pg_word(words, "hostaddr", place->hostaddr);
    ngx_tf_pg_word(words, "port", place->port);
    ngx_tf_pg_word(words, "gssencmode", "disable");
    ngx_tf_pg_word(words, "client_encoding", "UTF8");
    ngx_tf_pg_word(words, "application_name",
                   lane == NGX_TF_PG_LOGS ? "taifish-nginx-log"
                                          : "taifish-nginx");
    ngx_tf_pg_word(words, "options", ngx_tf_pg_conf_options(url, lane));

    if (place->socket) {
        ngx_tf_pg_word(words, "sslmode", "disable");
    }

    for (opt = url->opts; opt->keyword; opt++) {
        if (opt->val) {
            ngx_tf_pg_word(words, opt->keyword, opt->val);
        }
    }

    ngx_tf_pg_word(words, "sslmode", place->local ? "disable" : "require");
    ngx_tf_pg_word(words, "target_session_attrs",
                   url->nhosts > 1 ? "read-write" : "any");
    ngx_tf_pg_word(words, "keepalives_idle", "30");
    ngx_tf_pg_word(words, "keepalives_interval", "10");
    ngx_tf_pg_word(words, "keepalives_count", "3");

    return words->failed ? NGX_ERROR : NGX_OK;
}


static void
ngx_tf_pg_word(ngx_tf_pg_words_t *words, const char *name, const char *value)
{
    ngx_uint_t  i;

    for (i = 0; i < words->n; i++) {
        if (ngx_strcmp(words->keywords[i], name) == 0) {
            return;
        }
    }

    if (words->n == NGX_TF_PG_WORDS - 1 || value == NULL) {
        words->failed = 1;
        return;
    }

    words->keywords[i] = ngx_tf_pg_conf_copy(words->pool, name,
                                            ngx_strlen(name));
    words->values[i] = ngx_tf_pg_conf_copy(words->pool, value,
                                          ngx_strlen(value));

    if (words->keywords[i] == NULL || words->values[i] == NULL) {
        words->failed = 1;
        return;
    }

    words->n++;
}


/*
 * Ours come after the URL's own and win.  The results' text is read by
 * tf_row.c, which relies on the three formats.  A statement of the slow lane is
 * planned for its values each time: its filters are optional, and one plan for
 * all of them is a bad one.  One of the fast lane is planned once: it reads
 * rows by an index and joins what belongs to each, however many rows PostgreSQL
 * expects of a LIMIT that it does not know.  Compiling to machine code never
 * pays for itself here, and a slow statement gets no parallel workers: with
 * them one of them keeps all CPUs of PostgreSQL's machine busy, and short
 * statements wait.
 */

static char *
ngx_tf_pg_conf_options(ngx_tf_pg_url_t *url, ngx_uint_t lane)
{
    u_char      *p, *last;
    size_t       size;
    ngx_msec_t   timeout;
    const char  *own;

    own = ngx_tf_pg_conf_get(url, "options");
    size = ngx_strlen(own) + 480;

    p = ngx_pnalloc(url->cf->pool, size);
    if (p == NULL) {
        return NULL;
    }

    timeout = ngx_tf_pg_conf_timeout(url->conf, lane);

    last = ngx_snprintf(p, size - 1,
                        "%s -c statement_timeout=%M -c lock_timeout=%M"
                        " -c idle_in_transaction_session_timeout=%M"
                        " -c datestyle=ISO -c timezone=UTC"
                        " -c bytea_output=hex -c jit=off%s",
                        own, timeout, timeout * 3 / 5, timeout,
                        lane == NGX_TF_PG_SLOW
                        ? " -c plan_cache_mode=force_custom_plan"
                          " -c max_parallel_workers_per_gather=0"
                        : " -c plan_cache_mode=force_generic_plan"
                          " -c enable_hashjoin=off -c enable_mergejoin=off");
    *last = '\0';

    return (char *) p;
}


/* "" when the URL does not have it. */

static const char *
ngx_tf_pg_conf_get(ngx_tf_pg_url_t *url, const char *name)
{
    PQconninfoOption  *opt;

    for (opt = url->opts; opt->keyword; opt++) {
        if (ngx_strcmp(opt->keyword, name) == 0) {
            return opt->val ? opt->val : "";
        }
    }

    return "";
}


static ngx_uint_t
ngx_tf_pg_conf_count(const char *list)
{
    ngx_uint_t  n;

    for (n = 1; *list; list++) {
        n += (*list == ',');
    }

    return n;
}


/* Element n of a comma list, "" past its end. */

static char *
ngx_tf_pg_conf_nth(ngx_pool_t *pool, const char *list, ngx_uint_t n)
{
    size_t  len;

    for ( ;; ) {
        len = strcspn(list, ",");

        if (n-- == 0) {
            return ngx_tf_pg_conf_copy(pool, list, len);
        }

        if (list[len] == '\0') {
            return ngx_tf_pg_conf_copy(pool, "", 0);
        }

        list += len + 1;
    }
}


static char *
ngx_tf_pg_conf_copy(ngx_pool_t *pool, const char *text, size_t len)
{
    char  *copy;

    copy = ngx_pnalloc(pool, len + 1);
    if (copy == NULL) {
        return NULL;
    }

    ngx_memcpy(copy, text, len);
    copy[len] = '\0';

    return copy;
}


/* Whether host is a numeric address; local: one of this machine itself. */

static ngx_uint_t
ngx_tf_pg_conf_literal(const char *host, ngx_uint_t *local)
{
    u_char     addr6[16];
    in_addr_t  addr;

    addr = ngx_inet_addr((u_char *) host, ngx_strlen(host));

    if (addr != INADDR_NONE) {
        *local = (ntohl(addr) >> 24 == 127);
        return 1;
    }

    if (ngx_inet6_addr((u_char *) host, ngx_strlen(host), addr6) == NGX_OK) {
        *local = IN6_IS_ADDR_LOOPBACK((struct in6_addr *) addr6);
        return 1;
    }

    return 0;
}
