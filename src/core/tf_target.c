
#include <arpa/inet.h>
#include <netinet/in.h>

#include "tf_conf.h"
#include "tf_engine.h"
#include "tf_number.h"


/* A block of addresses in the form of an IPv6 address; IPv4 is mapped, and its
 * lengths count from 96. */

typedef struct {
    unsigned char    address[16];
    unsigned         bits;
} tf_block_t;

/* A block nobody may reach; always: not even when the allow list has it. */

typedef struct {
    const char      *block;
    int              always;
    const char      *what;
} tf_denied_t;


static int tf_target_number(tf_str_t host);
static int tf_target_is_ip4(tf_str_t host, unsigned char *ip);
static tf_int_t tf_target_host_wrong(tf_err_t *err, const char *why);
static tf_int_t tf_block_address(tf_str_t text, unsigned char *out);
static tf_int_t tf_block_parse(tf_str_t text, tf_block_t *block);
static int tf_block_has(const tf_block_t *block, const unsigned char *ip);
static tf_str_t tf_target_next(const char **list);
static tf_int_t tf_target_ports_parse(tf_str_t text, int *first, int *last);
static tf_int_t tf_target_embedded(const unsigned char *ip,
    unsigned char *inner);
static const tf_denied_t *tf_target_denied(const unsigned char *ip);
static int tf_target_allowed(const char *allow, const unsigned char *ip);


/* Special-purpose registries of IANA, and where clouds keep their metadata. */

static const tf_denied_t  tf_denied[] = {
    { "0.0.0.0/32", 1, "the unspecified address" },
    { "::/128", 1, "the unspecified address" },
    { "255.255.255.255/32", 1, "the broadcast address" },
    { "224.0.0.0/4", 1, "a multicast address" },
    { "ff00::/8", 1, "a multicast address" },
    { "169.254.169.254/32", 1, "a cloud's metadata service" },
    { "169.254.170.2/32", 1, "a cloud's metadata service" },
    { "169.254.170.23/32", 1, "a cloud's metadata service" },
    { "169.254.0.23/32", 1, "a cloud's metadata service" },
    { "100.100.100.200/32", 1, "a cloud's metadata service" },
    { "192.0.0.192/32", 1, "a cloud's metadata service" },
    { "168.63.129.16/32", 1, "a cloud's metadata service" },
    { "fd00:ec2::254/128", 1, "a cloud's metadata service" },
    { "fd00:ec2::23/128", 1, "a cloud's metadata service" },
    { "fd20:ce::254/128", 1, "a cloud's metadata service" },

    { "0.0.0.0/8", 0, "this network" },
    { "127.0.0.0/8", 0, "a loopback address" },
    { "::1/128", 0, "a loopback address" },
    { "169.254.0.0/16", 0, "a link-local address" },
    { "fe80::/10", 0, "a link-local address" },
    { "fec0::/10", 0, "a private address" },
    { "10.0.0.0/8", 0, "a private address" },
    { "172.16.0.0/12", 0, "a private address" },
    { "192.168.0.0/16", 0, "a private address" },
    { "fc00::/7", 0, "a private address" },
    { "100.64.0.0/10", 0, "a carrier's private address" },
    { "192.0.0.0/24", 0, "a special-purpose address" },
    { "192.0.2.0/24", 0, "a documentation address" },
    { "198.51.100.0/24", 0, "a documentation address" },
    { "203.0.113.0/24", 0, "a documentation address" },
    { "192.88.99.0/24", 0, "a special-purpose address" },
    { "198.18.0.0/15", 0, "a benchmarking address" },
    { "240.0.0.0/4", 0, "a reserved address" },
    { "64:ff9b:1::/48", 0, "a local translation address" },
    { "100::/64", 0, "a discard address" },
    { "2001::/23", 0, "a special-purpose address" },
    { "2001:db8::/32", 0, "a documentation address" },
    { "3fff::/20", 0, "a documentation address" },
    { "5f00::/16", 0, "a special-purpose address" }
};

tf_int_t
tf_conf_targets_check(const tf_conf_targets_t *t, tf_err_t *err)
{
    int          first, last;
    tf_str_t     word;
    tf_block_t   block;
    const char  *list;

    for (list = t->allow; list && *list; /* void */ ) {
        word = tf_target_next(&list);

        if (tf_block_parse(word, &block) != TF_OK) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, "TAIFISH_TARGET_ALLOW",
                           "\"%.*s\" is no block of addresses such as"
                           " 10.0.0.0/8", word.len < 64 ? (int) word.len : 64,
                           (char *) word.data);
        }
    }

    for (list = t->ports; list && *list; /* void */ ) {
        word = tf_target_next(&list);

        if (tf_target_ports_parse(word, &first, &last) != TF_OK) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, "TAIFISH_TARGET_PORTS",
                           "\"%.*s\" is no port or range", word.len < 64
                           ? (int) word.len : 64, (char *) word.data);
        }
    }

    return TF_OK;
}


tf_int_t
tf_target_host(tf_str_t host, tf_err_t *err)
{
    size_t         i, label;
    unsigned char  c, ip[16];

    if (host.len == 0 || host.len > 253) {
        return tf_target_host_wrong(err, "has to have 1 to 253 characters");
    }

    if (memchr(host.data, ':', host.len)) {
        return tf_block_address(host, ip) == TF_OK
               ? TF_OK
               : tf_target_host_wrong(err, "is no IPv6 address; the port is"
                                      " given separately");
    }

    for (i = 0, label = 0; i < host.len; i++) {
        c = host.data[i];

        if (c == '.') {
            if (label == 0 || host.data[i - 1] == '-') {
                return tf_target_host_wrong(err, "has an empty label or one"
                                            " that ends in a hyphen");
            }

            label = 0;
            continue;
        }

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z') || c == '_'
              || (c == '-' && label)))
        {
            return tf_target_host_wrong(err, "has to be one DNS name or IP"
                                        " address; international names in"
                                        " their xn-- form");
        }

        if (++label > 63) {
            return tf_target_host_wrong(err, "has a label longer than 63");
        }
    }

    if (label == 0 || host.data[host.len - 1] == '-') {
        return tf_target_host_wrong(err, "may not end in a dot or hyphen");
    }

    if (tf_target_number(host) && !tf_target_is_ip4(host, ip)) {
        return tf_target_host_wrong(err, "has to be an IPv4 address of four"
                                    " decimal numbers");
    }

    return TF_OK;
}


/* 1 when resolvers may take host for a number: its last label begins with a
 * digit and is decimal, octal or 0x... */

static int
tf_target_number(tf_str_t host)
{
    size_t                i;
    unsigned char        *p, *end;

    end = host.data + host.len;

    for (p = end; p > host.data && p[-1] != '.'; p--) { /* void */ }

    if (end - p > 1 && p[0] == '0' && (p[1] | 0x20) == 'x') {
        return 1;
    }

    for (i = 0; p + i < end; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return 0;
        }
    }

    return 1;
}


/* Exactly four decimal numbers without leading zeros. */

static int
tf_target_is_ip4(tf_str_t host, unsigned char *ip)
{
    char  text[16];

    if (host.len > 15) {
        return 0;
    }

    memcpy(text, host.data, host.len);
    text[host.len] = '\0';

    return inet_pton(AF_INET, text, ip) == 1;
}


static tf_int_t
tf_target_host_wrong(tf_err_t *err, const char *why)
{
    return tf_fail(err, TF_E_VALIDATION_ERROR, "host", "%s", why);
}


tf_int_t
tf_target_address(const tf_conf_targets_t *t, const char *address, int port,
    tf_err_t *err)
{
    int                        first, last, known;
    tf_str_t                   word;
    const char                *list;
    unsigned char              ip[16], inner[16];
    const tf_denied_t         *denied;
    const tf_engine_t *const  *e;

    if (tf_block_address(tf_str(address), ip) != TF_OK) {
        return tf_fail(err, TF_E_TARGET_NOT_ALLOWED, "host",
                       "has an address that is not understood");
    }

    known = 0;

    for (e = tf_engines; *e; e++) {
        known |= port == (*e)->port;
    }

    for (list = t->ports; list && *list; /* void */ ) {
        word = tf_target_next(&list);
        known |= tf_target_ports_parse(word, &first, &last) == TF_OK
                 && first <= port && port <= last;
    }

    if (!known) {
        return tf_fail(err, TF_E_TARGET_NOT_ALLOWED, "port",
                       "is not among the allowed ports");
    }

    /* an address that leads to another one is judged by that */

    if (tf_target_embedded(ip, inner) == TF_OK) {
        memcpy(ip, inner, 16);
    }

    denied = tf_target_denied(ip);

    if (denied && (denied->always || !tf_target_allowed(t->allow, ip))) {
        return tf_fail(err, TF_E_TARGET_NOT_ALLOWED, "host",
                       "leads to %s", denied->what);
    }

    return TF_OK;
}


/* IPv4 comes out mapped to ::ffff:a.b.c.d. */

static tf_int_t
tf_block_address(tf_str_t text, unsigned char *out)
{
    char  s[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(s)
        || memchr(text.data, '\0', text.len))
    {
        return TF_ERROR;
    }

    memcpy(s, text.data, text.len);
    s[text.len] = '\0';

    if (inet_pton(AF_INET6, s, out) == 1) {
        return TF_OK;
    }

    memset(out, 0, 10);
    out[10] = 0xff;
    out[11] = 0xff;

    return inet_pton(AF_INET, s, out + 12) == 1 ? TF_OK : TF_ERROR;
}


/* "10.0.0.0/8", "fd12::/16", or one address. */

static tf_int_t
tf_block_parse(tf_str_t text, tf_block_t *block)
{
    int             ip4;
    tf_str_t        address;
    int             bits, base;
    unsigned char  *slash;

    slash = text.len ? memchr(text.data, '/', text.len) : NULL;

    address = text;
    address.len = slash ? (size_t) (slash - text.data) : text.len;

    if (tf_block_address(address, block->address) != TF_OK) {
        return TF_ERROR;
    }

    ip4 = memchr(address.data, ':', address.len) == NULL;
    base = ip4 ? 96 : 0;
    block->bits = 128;

    if (slash == NULL) {
        return TF_OK;
    }

    text.len -= address.len + 1;
    text.data = slash + 1;

    if (tf_number_int(text, 128, &bits) != TF_OK) {
        return TF_ERROR;
    }

    block->bits = base + bits;

    return block->bits <= 128 ? TF_OK : TF_ERROR;
}


static int
tf_block_has(const tf_block_t *block, const unsigned char *ip)
{
    unsigned  bytes, rest;

    bytes = block->bits / 8;
    rest = block->bits % 8;

    return memcmp(block->address, ip, bytes) == 0
           && (rest == 0
               || (block->address[bytes] ^ ip[bytes]) >> (8 - rest) == 0);
}


/* Takes the next word off a comma list, white space around it dropped. */

static tf_str_t
tf_target_next(const char **list)
{
    size_t       len;
    tf_str_t     word;
    const char  *p;

    p = *list;
    len = strcspn(p, ",");
    *list = p[len] ? p + len + 1 : p + len;

    while (len && (*p == ' ' || *p == '\t')) {
        p++;
        len--;
    }

    while (len && (p[len - 1] == ' ' || p[len - 1] == '\t')) {
        len--;
    }

    word.data = (unsigned char *) p;
    word.len = len;

    return word;
}


/* A port, or a range of them such as 5433-5440. */

static tf_int_t
tf_target_ports_parse(tf_str_t text, int *first, int *last)
{
    tf_str_t        low, high;
    unsigned char  *dash;

    low = text;
    high = text;
    dash = text.len ? memchr(text.data, '-', text.len) : NULL;

    if (dash != NULL) {
        low.len = dash - text.data;
        high.data = dash + 1;
        high.len = text.len - low.len - 1;
    }

    return tf_number_int(low, 65535, first) == TF_OK
           && tf_number_int(high, 65535, last) == TF_OK
           && *first > 0 && *first <= *last ? TF_OK : TF_ERROR;
}


/* The IPv4 address inside of one that is compatible (::a.b.c.d), translated
 * (64:ff9b::/96, ::ffff:0:a.b.c.d) or tunnelled (2002::/16), mapped. */

static tf_int_t
tf_target_embedded(const unsigned char *ip, unsigned char *inner)
{
    const unsigned char         *ip4;
    static const unsigned char   zeros[12];
    static const unsigned char   nat64[12] = { 0, 0x64, 0xff, 0x9b };
    static const unsigned char   siit[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
    };

    if (memcmp(ip, nat64, 12) == 0 || memcmp(ip, siit, 12) == 0) {
        ip4 = ip + 12;

    } else if (memcmp(ip, zeros, 12) == 0
               && (ip[12] || ip[13] || ip[14] || ip[15] > 1))
    {
        ip4 = ip + 12;

    } else if (ip[0] == 0x20 && ip[1] == 0x02) {
        ip4 = ip + 2;

    } else {
        return TF_DECLINED;
    }

    memset(inner, 0, 10);
    inner[10] = 0xff;
    inner[11] = 0xff;
    memcpy(inner + 12, ip4, 4);

    return TF_OK;
}


static const tf_denied_t *
tf_target_denied(const unsigned char *ip)
{
    size_t      i;
    tf_block_t  block;

    for (i = 0; i < sizeof(tf_denied) / sizeof(tf_denied_t); i++) {
        if (tf_block_parse(tf_str(tf_denied[i].block), &block) == TF_OK
            && tf_block_has(&block, ip))
        {
            return &tf_denied[i];
        }
    }

    return NULL;
}


static int
tf_target_allowed(const char *allow, const unsigned char *ip)
{
    tf_str_t    word;
    tf_block_t  block;

    while (allow && *allow) {
        word = tf_target_next(&allow);

        if (tf_block_parse(word, &block) == TF_OK
            && tf_block_has(&block, ip))
        {
            return 1;
        }
    }

    return 0;
}
